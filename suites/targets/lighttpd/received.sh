# The page of index.shtml as a CGI program (RFC 3875), with the length and the digest of the content that came.
body=body.$$
cat > "$body"
length=$(wc -c < "$body")
digest=$(sha256sum < "$body")
rm -f "$body"
printf 'Content-Type: text/plain\nX-Body-Length: %s\nX-Body-Sha256: %s\n\nmtlspec target lighttpd\n' $length ${digest%% *}
[ "$SSL_CLIENT_VERIFY" != SUCCESS ] || printf 'client: %s\n' "$SSL_CLIENT_S_DN"
