# Asks the page of reload.jsp, and fails unless it has done it.
exec 3<> "/dev/tcp/127.0.0.1/$1"
printf 'GET /reload HTTP/1.0\r\n\r\n' >&3
grep -q '^reloaded' <&3
