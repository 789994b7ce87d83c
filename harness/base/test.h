/* test.h - what every x_test.c includes: Check, and the one function it must define. */
#ifndef HARNESS_BASE_TEST_H
#define HARNESS_BASE_TEST_H

#include <check.h>
#include <stdlib.h>

Suite *test_suite(void);

#endif
