#include "harness/reference/constraints.h"

#include "harness/reference/dn.h"

#include <string.h>

/* Tags of GeneralName (RFC 5280 4.2.1.6). */
enum { RFC822 = 0x81, DNS = 0x82, DIRECTORY = 0xa4, URI = 0x86, IP = 0x87 };

static struct span after(struct span s, size_t n)
{
	return (struct span){s.at + n, s.len - n};
}

static bool ends_nocase(struct span s, struct span tail)
{
	return s.len >= tail.len && span_equal_nocase(after(s, s.len - tail.len), tail);
}

static struct span no_final_dot(struct span s)
{
	if (s.len > 1 && s.at[s.len - 1] == '.')
		s.len--;
	return s;
}

/* "host.example.com" is within "example.com"; ".example.com" takes only names below it. */
static bool dns_within(struct span name, struct span base)
{
	if (base.len == 0)
		return true;
	if (base.at[0] == '.')
		return name.len > base.len && ends_nocase(name, base);
	if (name.len == base.len)
		return span_equal_nocase(name, base);
	return name.len > base.len && name.at[name.len - base.len - 1] == '.' && ends_nocase(name, base);
}

static bool dns(struct span name, struct span base, bool excluded)
{
	name = no_final_dot(name);
	base = no_final_dot(base);
	if (dns_within(name, base))
		return true;
	/* "*.example.com" could be used as bad.example.com, so it falls under what excludes that. */
	return excluded && name.len > 2 && name.at[0] == '*' && name.at[1] == '.' && dns_within(base, after(name, 2));
}

/* The host of a mailbox or a URI, against "host" (exactly) or ".domain" (anything below). */
static bool host_within(struct span host, struct span base)
{
	if (base.len && base.at[0] == '.')
		return host.len > base.len && ends_nocase(host, base);
	return span_equal_nocase(host, base);
}

static const unsigned char *last_at(struct span s)
{
	return s.len ? memrchr(s.at, '@', s.len) : NULL;
}

static bool mailbox(struct span name, struct span base, bool excluded UNUSED)
{
	const unsigned char *at = last_at(name), *base_at = last_at(base);
	if (!at)
		return false;
	struct span host = after(name, (size_t)(at - name.at) + 1);
	if (!base_at)
		return host_within(host, base);
	struct span local = {name.at, (size_t)(at - name.at)}, base_local = {base.at, (size_t)(base_at - base.at)};
	return span_equal(local, base_local) && span_equal_nocase(host, after(base, base_local.len + 1));
}

static bool uri(struct span name, struct span base, bool excluded)
{
	const unsigned char *slashes = name.len ? memmem(name.at, name.len, "://", 3) : NULL;
	/* A URI without a host name cannot be judged: refused either way (4.2.1.10). */
	if (!slashes)
		return excluded;
	struct span host = after(name, (size_t)(slashes - name.at) + 3);
	size_t len = 0;
	while (len < host.len && !strchr("/?#", host.at[len]))
		len++;
	host.len = len;
	const unsigned char *at = last_at(host);
	if (at)
		host = after(host, (size_t)(at - host.at) + 1);
	const unsigned char *colon = host.len ? memchr(host.at, ':', host.len) : NULL;
	if (colon)
		host.len = (size_t)(colon - host.at);
	if (host.len == 0 || host.at[0] == '[')
		return excluded;
	return host_within(host, base);
}

static bool directory(struct span name, struct span base, bool excluded UNUSED)
{
	return dn_within(name, base);
}

/* Address and mask, 4 + 4 or 16 + 16 bytes. */
static bool address(struct span name, struct span base, bool excluded UNUSED)
{
	if (base.len != 2 * name.len)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((name.at[i] ^ base.at[i]) & base.at[name.len + i])
			return false;
	return true;
}

static const struct {
	unsigned tag;
	bool (*within)(struct span name, struct span base, bool excluded);
} forms[] = {
    {RFC822, mailbox}, {DNS, dns}, {URI, uri}, {DIRECTORY, directory}, {IP, address},
};

/* One GeneralSubtree off the front: its base, and whether minimum is 0 and maximum absent as 4.2.1.10 demands. */
static bool subtree(struct span *list, struct tlv *base, bool *plain)
{
	struct tlv s, e;
	if (!tlv_take(list, TLV_SEQUENCE, &s) || !tlv_next(&s.body, base))
		return false;
	*plain = true;
	if (tlv_take(&s.body, TLV_CONTEXT | 0, &e))
		*plain = e.body.len == 1 && e.body.at[0] == 0;
	if (tlv_take(&s.body, TLV_CONTEXT | 1, &e))
		*plain = false;
	return s.body.len == 0;
}

static bool split(struct span body, struct span *permitted, struct span *excluded)
{
	struct tlv e;
	*permitted = *excluded = (struct span){0};
	if (tlv_take(&body, TLV_CONTEXT_DEEP | 0, &e))
		*permitted = e.body;
	if (tlv_take(&body, TLV_CONTEXT_DEEP | 1, &e))
		*excluded = e.body;
	return body.len == 0;
}

bool constraints_well_formed(struct span body)
{
	struct span list[2];
	struct tlv base;
	bool plain;
	if (!split(body, &list[0], &list[1]))
		return false;
	for (size_t i = 0; i < 2; i++)
		while (list[i].len)
			if (!subtree(&list[i], &base, &plain))
				return false;
	return true;
}

/* What a list of subtrees says about one name. */
enum found { NO_SUCH_FORM, OUTSIDE, INSIDE, NOT_UNDERSTOOD };

static enum found look(struct span list, struct tlv name, bool excluded, unsigned *work)
{
	enum found found = NO_SUCH_FORM;
	struct tlv base;
	bool plain;
	while (subtree(&list, &base, &plain)) {
		if (*work == 0)
			return NOT_UNDERSTOOD;
		(*work)--;
		if (base.tag != name.tag)
			continue;
		if (!plain)
			return NOT_UNDERSTOOD;
		size_t form = 0;
		while (form < sizeof forms / sizeof *forms && forms[form].tag != name.tag)
			form++;
		if (form == sizeof forms / sizeof *forms)
			return NOT_UNDERSTOOD;
		if (forms[form].within(name.body, base.body, excluded))
			return INSIDE;
		found = OUTSIDE;
	}
	return found;
}

static bool name_holds(const struct x509 *issuer, struct tlv name, unsigned *work)
{
	struct span permitted, excluded;
	if (!split(issuer->constraints, &permitted, &excluded))
		return false;
	enum found in = look(permitted, name, false, work), out = look(excluded, name, true, work);
	if (*work == 0)
		return false;
	if (in == NOT_UNDERSTOOD || out == NOT_UNDERSTOOD)
		return !issuer->constraints_critical;
	return in != OUTSIDE && out != INSIDE;
}

/* A subject without rfc822Name in its alternative names is held to the addresses in its DN (4.2.1.10). */
static bool addresses_hold(const struct x509 *issuer, const struct x509 *below, unsigned *work)
{
	static const unsigned char email[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01};
	struct dn_walk walk = dn_walk(below->subject);
	struct tlv value;
	struct span oid;
	while (dn_next(&walk, &oid, &value)) {
		if (!span_equal(oid, (struct span){email, sizeof email}))
			continue;
		value.tag = RFC822;
		if (!name_holds(issuer, value, work))
			return false;
	}
	return true;
}

bool constraints_hold(const struct x509 *issuer, const struct x509 *below, unsigned *work)
{
	struct span names = below->alt_names;
	struct tlv name, subject = {.tag = DIRECTORY, .body = below->subject};
	bool mailboxes = false;
	if (!issuer->constraints.at)
		return true;
	if (!dn_is_empty(below->subject) && !name_holds(issuer, subject, work))
		return false;
	while (tlv_next(&names, &name)) {
		mailboxes = mailboxes || name.tag == RFC822;
		if (!name_holds(issuer, name, work))
			return false;
	}
	return mailboxes || addresses_hold(issuer, below, work);
}
