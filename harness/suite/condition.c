/* <condition> and <base>: the credential's words stay a node tree, which the forge's knob table interprets. */
#include "harness/suite/load.h"

#include <string.h>

static const struct shape condition_shape = {
    .attributes = "id level clause decision differs-from row needs certificate formerly",
    .required = "id level decision",
};
static const struct shape openssl_shape = {.attributes = "errors", .required = "errors", .children = "reason"};
static const struct shape text_shape = {.attributes = "", .children = "", .text = true};

const char *load_title(struct loader *l, const struct node *n)
{
	const struct node *title = read_child(l->findings, n, "title");
	if (title)
		read_shape(l->findings, title, &text_shape);
	return read_text(l->arena, title);
}

static void read_openssl(struct loader *l, const struct node *n, struct condition *c)
{
	if (!n)
		return;
	read_shape(l->findings, n, &openssl_shape);
	c->openssl = read_value(n, "errors");
	const struct node *reason = read_child(l->findings, n, "reason");
	if (reason)
		read_shape(l->findings, reason, &text_shape);
	c->openssl_reason = read_text(l->arena, reason);
	const char *rest = c->openssl;
	char word[96];
	size_t words = 0;
	while (text_word(&rest, word, sizeof word))
		words++;
	if (words > 1 && (!c->openssl_reason || !*c->openssl_reason))
		findings_add(l->findings, n->where, "<openssl> lists %zu errors for one defect and gives no <reason>",
			     words);
}

/*
 * <root trust="tenant"/>: a path to the anchors of another name.  Where "main" is trusted it is a stranger's, where its own
 * anchors are it is good: so nothing else may be wrong with it.
 */
static const char *read_trust(struct loader *l, const struct node *n, unsigned decision)
{
	const char *trust = NULL;
	for (size_t i = 0; i < n->n_children; i++)
		if (strcmp(n->children[i].name, "root") == 0 && read_value(&n->children[i], "trust"))
			trust = read_value(&n->children[i], "trust");
	if (!trust || strcmp(trust, "nobody") == 0)
		return NULL;
	if (decision != BIT(DECISION_REJECT))
		findings_add(l->findings, n->where, "trust=\"%s\" is not what main trusts: the decision is reject", trust);
	for (size_t i = 0; i < n->n_children; i++)
		if (read_index("root title quote openssl", n->children[i].name, strlen(n->children[i].name)) < 0)
			findings_add(l->findings, n->children[i].where,
				     "trust=\"%s\": a certificate that another name accepts has no other defect", trust);
	return trust;
}

static const struct node *read_quote(struct loader *l, const struct node *n)
{
	const struct node *quote = read_child(l->findings, n, "quote");
	if (quote)
		read_shape(l->findings, quote, &text_shape);
	return quote;
}

void condition_read(struct loader *l, const struct node *n)
{
	static const unsigned decisions[] = {BIT(DECISION_ACCEPT), BIT(DECISION_REJECT),
					     BIT(DECISION_ACCEPT) | BIT(DECISION_REJECT)};
	struct findings *f = l->findings;
	read_shape(f, n, &condition_shape);
	struct condition c = {
	    .id = read_id(f, n, "id"),
	    .title = load_title(l, n),
	    .formerly = read_value(n, "formerly"),
	    .row = read_value(n, "row"),
	    .clause = read_value(n, "clause"),
	    .quote = read_text(l->arena, read_quote(l, n)),
	    .level = (enum level)read_word(f, n, "level", level_words(), LEVEL_MUST),
	    .decision = decisions[read_word(f, n, "decision", "accept reject policy", 2)],
	    .none = read_word(f, n, "certificate", "none", -1) == 0,
	    .differs_from = read_value(n, "differs-from"),
	    .needs = read_value(n, "needs"),
	    .openssl = "",
	    .body = n,
	    .where = n->where,
	};
	read_words(f, n, "needs", CAPABILITY_WORDS);
	read_openssl(l, read_child(f, n, "openssl"), &c);
	c.trust = read_trust(l, n, c.decision);
	if (!c.none && strcmp(c.id, "none") == 0)
		findings_add(f, n->where, "the id none is kept for a condition with certificate=\"none\"");
	*VEC_PUSH(l->conditions, l->n_conditions, l->cap_conditions) = c;
}

void base_read(struct loader *l, const struct node *n)
{
	static const struct shape shape = {.attributes = "", .children = "root intermediate leaf message"};
	read_shape(l->findings, n, &shape);
	if (l->base)
		findings_add(l->findings, n->where, "second <base>; the first is at %s:%d", l->base->where.file,
			     l->base->where.line);
	else
		l->base = n;
}
