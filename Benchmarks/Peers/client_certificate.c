/* Gives h2load, which has no option for it, the client certificate named by CLIENT_CERTIFICATE and CLIENT_KEY.
   Build: cc -shared -fPIC -o client_certificate.so client_certificate.c -ldl */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <stdlib.h>

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method) {
    SSL_CTX *(*original)(const SSL_METHOD *) = (SSL_CTX * (*)(const SSL_METHOD *)) dlsym(RTLD_NEXT, "SSL_CTX_new");
    SSL_CTX *context = original(method);
    if (context != NULL && (SSL_CTX_use_certificate_chain_file(context, getenv("CLIENT_CERTIFICATE")) != 1 ||
                            SSL_CTX_use_PrivateKey_file(context, getenv("CLIENT_KEY"), SSL_FILETYPE_PEM) != 1))
        abort();
    return context;
}
