#pragma once
/* libcurl's URL parser, found by the compiler's own search path, which a module map does not look into. */
#include <curl/curl.h>
#include <curl/urlapi.h>
