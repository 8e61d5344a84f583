#pragma once
#include <curl/curl.h>

/* Swift cannot call C functions with variable arguments; these are libcurl's, one for each type of argument. */

static inline CURLcode curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode curl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode curl_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode curl_set_data_function(CURL *easy, CURLoption option, curl_write_callback value) {
    return curl_easy_setopt(easy, option, value);
}
static inline CURLcode curl_set_open_socket_function(CURL *easy, curl_opensocket_callback value) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, value);
}
static inline CURLcode curl_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode curl_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(easy, info, value);
}
static inline CURLcode curl_get_text(CURL *easy, CURLINFO info, const char **value) {
    return curl_easy_getinfo(easy, info, value);
}
/* The `SSL *` of the connection that a transfer uses now; null without TLS. */
static inline CURLcode curl_get_openssl(CURL *easy, void **session) {
    struct curl_tlssessioninfo *info = NULL;
    CURLcode failed = curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info);
    *session = !failed && info && info->backend == CURLSSLBACKEND_OPENSSL ? info->internals : NULL;
    return failed;
}
static inline CURLMcode curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode curl_multi_set_socket_function(CURLM *multi, curl_socket_callback value, void *context) {
    CURLMcode failed = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    return failed ? failed : curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, value);
}
static inline CURLMcode curl_multi_set_timer_function(CURLM *multi, curl_multi_timer_callback value, void *context) {
    CURLMcode failed = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
    return failed ? failed : curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, value);
}
