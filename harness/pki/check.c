#include "harness/pki/check.h"

#include "harness/pki/blueprint.h"

enum rc forge_check(const struct suite *suite, const struct condition *condition, struct err *err)
{
	struct blueprint blueprint;
	if (condition && condition->own)
		return RC_OK; /* the user's own certificate: nothing is minted */
	enum rc rc = blueprint_build(suite, condition, &blueprint, err);
	if (rc != RC_OK || !condition)
		return rc;
	if (blueprint.store && !text_has_word(condition->needs, "store"))
		return err_at(err, RC_INPUT, condition->where.file, condition->where.line,
			      "condition %s changes the server's store: it must say needs=\"store\"", condition->id);
	if (condition->none && condition->body && blueprint.n_message && condition->body->n_children) {
		for (size_t i = 0; i < condition->body->n_children; i++)
			if (role_parse(condition->body->children[i].name, &(enum role){ROLE_ROOT}))
				return err_at(err, RC_INPUT, condition->where.file, condition->where.line,
					      "condition %s sends no certificate and describes one", condition->id);
	}
	return RC_OK;
}
