/* The main of every unit test: linked only where nothing else defines one. */
#include "harness/base/test.h"

int main(void)
{
	SRunner *r = srunner_create(test_suite());
	srunner_run_all(r, CK_ENV);
	int failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
