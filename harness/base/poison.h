/*
 * poison.h - memory that is there but that nobody may touch yet, such as room to grow: told to the address sanitizer,
 * which cannot know.  Nothing at all without it.
 */
#ifndef HARNESS_BASE_POISON_H
#define HARNESS_BASE_POISON_H

#include <stddef.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define POISON 1 /* clang */
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define POISON 1 /* gcc */
#endif

#ifdef POISON
void __asan_poison_memory_region(const volatile void *at, size_t size);
void __asan_unpoison_memory_region(const volatile void *at, size_t size);
#define poison(at, size)   __asan_poison_memory_region((at), (size))
#define unpoison(at, size) __asan_unpoison_memory_region((at), (size))
#else
#define POISON		   0
#define poison(at, size)   ((void)(at), (void)(size))
#define unpoison(at, size) ((void)(at), (void)(size))
#endif

#endif
