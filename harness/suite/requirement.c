/* <requirement> and <impossible>: the clauses, and the cells that they forbid. */
#include "harness/suite/load.h"

void requirement_read(struct loader *l, const struct node *n)
{
	static const struct shape shape = {
	    .attributes = "id section level", .required = "id section level", .children = "", .text = true};
	read_shape(l->findings, n, &shape);
	struct requirement r = {
	    .id = read_id(l->findings, n, "id"),
	    .section = read_value(n, "section"),
	    .level = read_value(n, "level"),
	    .text = read_text(l->arena, n),
	    .where = n->where,
	};
	if (!*r.text)
		findings_add(l->findings, n->where, "<requirement> without a paraphrase");
	*VEC_PUSH(l->requirements, l->n_requirements, l->cap_requirements) = r;
}

void impossible_read(struct loader *l, const struct node *n)
{
	static const struct shape shape = {
	    .attributes = "when clause", .required = "when clause", .children = "", .text = true};
	read_shape(l->findings, n, &shape);
	struct impossible i = {
	    .when = read_when(l->findings, l->arena, n, "tls negotiation http client condition scenario"),
	    .clause = read_value(n, "clause"),
	    .reason = read_text(l->arena, n),
	    .where = n->where,
	};
	if (!*i.reason)
		findings_add(l->findings, n->where, "<impossible> without a reason");
	if (!i.when.n)
		findings_add(l->findings, n->where, "<impossible> without a term in when=: it would forbid every cell");
	*VEC_PUSH(l->impossibles, l->n_impossibles, l->cap_impossibles) = i;
}
