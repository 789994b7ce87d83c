/* The main of every unit test: linked only where nothing else defines one. */
#include "harness/base/test.h"

int main(void)
{
	/* Check's own four seconds are too few on a machine that does something else as well. */
	setenv("CK_DEFAULT_TIMEOUT", "60", 0);
	SRunner *r = srunner_create(test_suite());
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
