/*
 * lint: table
 * The texts are for administrators: each script says what it changes before it does, takes the place to install to as
 * its first argument, and remove undoes what install did.
 */
#include "harness/pki/export.h"

#include "harness/base/fs.h"

#include <stdio.h>

#define MAX_TEXT  (1u << 20)
#define MAX_FILES 5

#define WARNING                                                                                                        \
	"mtlspec TEST ONLY: whoever holds ca.key can log in wherever this anchor is trusted. Remove it after the "     \
	"test."

struct export_file {
	const char *name;
	unsigned mode;
	const char *text; /* "@pem@" "@der@" alone: the anchor; else placeholders are replaced */
};

static const struct {
	const char *product;
	struct export_file files[MAX_FILES];
} table[] = {
    {"pem",
     {{"anchor.pem", 0644, "@pem@"},
      {"install.txt", 0644,
       WARNING "\n\n"
	       "Install: add anchor.pem to the file or store of CAs that the server trusts for CLIENT certificates, "
	       "then reload it.\n"
	       "  cat anchor.pem >> client-cas.pem\n"},
      {"remove.txt", 0644,
       "Remove: take the certificate with this SHA-256 fingerprint out of that file or store, then reload the server.\n"
       "  @sha256@\n"
       "  openssl x509 -noout -fingerprint -sha256 -in FILE   prints the fingerprint of the first one in FILE\n"}}},
    {"nginx",
     {{"anchor.pem", 0644, "@pem@"},
      {"mtlspec.conf", 0644,
       "# " WARNING "\n"
       "ssl_client_certificate @place@/anchor.pem;\nssl_verify_client on;\nssl_verify_depth 10;\n"},
      {"install.sh", 0755,
       "#!/bin/sh\n# " WARNING "\n# usage: sh install.sh [DIR]\nset -e\ndir=${1:-/etc/nginx/mtlspec}\n"
       "here=$(dirname \"$0\")\nmkdir -p \"$dir\"\ncp \"$here/anchor.pem\" \"$dir/anchor.pem\"\n"
       "sed \"s|@place@|$dir|\" \"$here/mtlspec.conf\" > \"$dir/mtlspec.conf\"\n"
       "echo \"Now put this line into the server block under test, then: nginx -t && nginx -s reload\"\n"
       "echo \"    include $dir/mtlspec.conf;\"\n"},
      {"remove.sh", 0755,
       "#!/bin/sh\n# usage: sh remove.sh [DIR]\nset -e\ndir=${1:-/etc/nginx/mtlspec}\n"
       "rm -f \"$dir/anchor.pem\" \"$dir/mtlspec.conf\"\nrmdir \"$dir\"\n"
       "echo \"Now take the line 'include $dir/mtlspec.conf;' out again, then: nginx -t && nginx -s reload\"\n"}}},
    {"apache",
     {{"anchor.pem", 0644, "@pem@"},
      {"mtlspec.conf", 0644,
       "# " WARNING "\n"
       "SSLCACertificateFile @place@/anchor.pem\nSSLVerifyClient require\nSSLVerifyDepth 10\n"},
      {"install.sh", 0755,
       "#!/bin/sh\n# " WARNING "\n# usage: sh install.sh [DIR]\nset -e\ndir=${1:-/etc/apache2/mtlspec}\n"
       "here=$(dirname \"$0\")\nmkdir -p \"$dir\"\ncp \"$here/anchor.pem\" \"$dir/anchor.pem\"\n"
       "sed \"s|@place@|$dir|\" \"$here/mtlspec.conf\" > \"$dir/mtlspec.conf\"\n"
       "echo \"Now put this line into the VirtualHost under test, then: apachectl configtest && apachectl graceful\"\n"
       "echo \"    Include $dir/mtlspec.conf\"\n"},
      {"remove.sh", 0755,
       "#!/bin/sh\n# usage: sh remove.sh [DIR]\nset -e\ndir=${1:-/etc/apache2/mtlspec}\n"
       "rm -f \"$dir/anchor.pem\" \"$dir/mtlspec.conf\"\nrmdir \"$dir\"\n"
       "echo \"Now take the line 'Include $dir/mtlspec.conf' out again, then: apachectl graceful\"\n"}}},
    {"haproxy",
     {{"anchor.pem", 0644, "@pem@"},
      {"install.sh", 0755,
       "#!/bin/sh\n# " WARNING "\n# usage: sh install.sh [DIR]\nset -e\ndir=${1:-/etc/haproxy/mtlspec}\n"
       "here=$(dirname \"$0\")\nmkdir -p \"$dir\"\ncp \"$here/anchor.pem\" \"$dir/anchor.pem\"\n"
       "echo \"Now add this to the bind line under test, check with haproxy -c, then reload:\"\n"
       "echo \"    ca-file $dir/anchor.pem verify required\"\n"},
      {"remove.sh", 0755,
       "#!/bin/sh\n# usage: sh remove.sh [DIR]\nset -e\ndir=${1:-/etc/haproxy/mtlspec}\n"
       "rm -f \"$dir/anchor.pem\"\nrmdir \"$dir\"\n"
       "echo \"Now take 'ca-file $dir/anchor.pem verify required' out of the bind line again and reload.\"\n"}}},
    {"java",
     {{"anchor.pem", 0644, "@pem@"},
      {"install.sh", 0755,
       "#!/bin/sh\n# " WARNING
       "\n# usage: sh install.sh TRUSTSTORE [PASSWORD]   (PKCS#12; made when it is not there)\nset -e\n"
       "store=${1:?the truststore of the connector under test}\n"
       "keytool -importcert -noprompt -alias mtlspec-test-only -file \"$(dirname \"$0\")/anchor.pem\" \\\n"
       "    -keystore \"$store\" -storetype PKCS12 -storepass \"${2:-changeit}\"\n"
       "echo \"Restart the server unless it reloads its truststore (Tomcat: truststoreFile, "
       "certificateVerification=required).\"\n"},
      {"remove.sh", 0755,
       "#!/bin/sh\n# usage: sh remove.sh TRUSTSTORE [PASSWORD]\nset -e\n"
       "keytool -delete -alias mtlspec-test-only -keystore \"${1:?the truststore}\" -storetype PKCS12 \\\n"
       "    -storepass \"${2:-changeit}\"\n"
       "echo \"Restart the server unless it reloads its truststore.\"\n"}}},
    {"kubernetes",
     {{"anchor.pem", 0644, "@pem@"},
      {"secret.yaml", 0644,
       "# " WARNING "\n"
       "apiVersion: v1\nkind: Secret\nmetadata:\n  name: mtlspec-test-only\n  labels:\n    purpose: mtlspec-test-only\n"
       "type: Opaque\ndata:\n  ca.crt: @base64@\n"},
      {"install.sh", 0755,
       "#!/bin/sh\n# " WARNING "\n# usage: sh install.sh NAMESPACE INGRESS   (ingress-nginx)\nset -e\n"
       "ns=${1:?namespace} ingress=${2:?name of the ingress under test}\n"
       "kubectl -n \"$ns\" apply -f \"$(dirname \"$0\")/secret.yaml\"\n"
       "kubectl -n \"$ns\" annotate ingress \"$ingress\" \\\n"
       "    nginx.ingress.kubernetes.io/auth-tls-secret=\"$ns/mtlspec-test-only\" \\\n"
       "    nginx.ingress.kubernetes.io/auth-tls-verify-client=on \\\n"
       "    nginx.ingress.kubernetes.io/auth-tls-verify-depth=10\n"},
      {"remove.sh", 0755,
       "#!/bin/sh\n# usage: sh remove.sh NAMESPACE INGRESS\nset -e\n"
       "ns=${1:?namespace} ingress=${2:?name of the ingress under test}\n"
       "kubectl -n \"$ns\" annotate ingress \"$ingress\" nginx.ingress.kubernetes.io/auth-tls-secret- \\\n"
       "    nginx.ingress.kubernetes.io/auth-tls-verify-client- nginx.ingress.kubernetes.io/auth-tls-verify-depth-\n"
       "kubectl -n \"$ns\" delete secret mtlspec-test-only\n"}}},
    {"iis",
     {{"anchor.cer", 0644, "@der@"},
      {"install.ps1", 0644,
       "# " WARNING
       "\n# Run as administrator.  A root belongs into Root; anything else there breaks client authentication.\n"
       "Import-Certificate -FilePath \"$PSScriptRoot\\anchor.cer\" -CertStoreLocation Cert:\\LocalMachine\\@store@\n"
       "# Then require client certificates where they are tested, for example:\n"
       "#   netsh http show sslcert\n"
       "#   %windir%\\system32\\inetsrv\\appcmd set config \"SITE\" /section:access /sslFlags:\"Ssl,SslNegotiateCert,"
       "SslRequireCert\" /commit:apphost\n"},
      {"remove.ps1", 0644,
       "# Run as administrator.\n"
       "Remove-Item Cert:\\LocalMachine\\@store@\\@sha1@\n"
       "# The same without PowerShell: certutil -delstore @store@ @sha1@\n"
       "# Then take back what was set for the test:\n"
       "#   %windir%\\system32\\inetsrv\\appcmd set config \"SITE\" /section:access /sslFlags:\"None\" "
       "/commit:apphost\n"}}},
};

const char *export_products(char *out, size_t size)
{
	const char *names[sizeof table / sizeof *table];
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		names[i] = table[i].product;
	return text_join(out, size, names, sizeof table / sizeof *table);
}

struct facts {
	struct buf pem, base64;
	char sha1[41], sha256[65];
	const char *store; /* of Windows: where a certificate of this kind belongs */
};

static enum rc gather(const struct lasting *l, struct facts *f, struct err *err)
{
	enum rc rc;
	struct import_facts anchor;
	buf_init(&f->pem, MAX_TEXT);
	buf_init(&f->base64, MAX_TEXT);
	TRY(keys_put_pem(&f->pem, "CERTIFICATE", l->anchor, err));
	text_base64(&f->base64, f->pem.data, f->pem.len);
	keys_hash_hex(HASH_SHA1, l->anchor.data, l->anchor.len, f->sha1);
	keys_hash_hex(HASH_SHA256, l->anchor.data, l->anchor.len, f->sha256);
	for (char *p = f->sha1; *p; p++)
		if (*p >= 'a')
			*p -= 'a' - 'A'; /* as Windows prints thumbprints */
	TRY(import_facts("the anchor", l->anchor, &anchor, err));
	f->store = anchor.self_issued ? "Root" : "CA";
out:
	return rc;
}

static void replace(struct buf *out, const char *text, const struct facts *f)
{
	const struct {
		const char *name, *value;
	} words[] = {{"@sha1@", f->sha1}, {"@sha256@", f->sha256}, {"@base64@", f->base64.data}, {"@store@", f->store}};
	while (*text) {
		const char *value = NULL;
		for (size_t i = 0; !value && i < sizeof words / sizeof *words; i++)
			if (text_starts(text, words[i].name)) {
				value = words[i].value;
				text += strlen(words[i].name);
			}
		if (value)
			buf_adds(out, value);
		else
			buf_add(out, text++, 1);
	}
}

static enum rc write_one(const struct lasting *l, const struct export_file *file, const struct facts *f,
			 const char *dir, struct err *err)
{
	enum rc rc;
	char path[1024];
	struct buf text;
	buf_init(&text, MAX_TEXT);
	if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, file->name) >= sizeof path) {
		rc = err_set(err, RC_INPUT, "path too long: %s", dir);
		goto out;
	}
	if (text_equal(file->text, "@pem@"))
		buf_add(&text, f->pem.data, f->pem.len);
	else if (text_equal(file->text, "@der@"))
		buf_add(&text, l->anchor.data, l->anchor.len);
	else
		replace(&text, file->text, f);
	TRY(fs_write(path, text.data, text.len, file->mode, err));
out:
	buf_fini(&text);
	return rc;
}

enum rc export_write(const struct lasting *l, const char *product, const char *dir, struct err *err)
{
	enum rc rc;
	char names[256];
	struct facts facts = {.store = NULL};
	size_t row = 0, n = sizeof table / sizeof *table;
	while (row < n && !text_equal(table[row].product, product))
		row++;
	if (row == n)
		return err_set(err, RC_INPUT, "--for %s: unknown product; there are: %s", product,
			       export_products(names, sizeof names));
	TRY(gather(l, &facts, err));
	TRY(fs_mkdirs(dir, err));
	for (size_t i = 0; i < MAX_FILES && table[row].files[i].name; i++)
		TRY(write_one(l, &table[row].files[i], &facts, dir, err));
out:
	buf_fini(&facts.pem);
	buf_fini(&facts.base64);
	return rc;
}
