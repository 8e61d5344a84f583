/* Shakes hands with a server of the mesh, so that the cost of it can be read off the server's process.

   handshake PORT IDENTITY COUNT        makes COUNT connections one after another; each is a full handshake
   handshake idle PORT IDENTITY COUNT   makes COUNT connections, says "ready", and keeps them until a line comes in

   Build: cc -O2 -o handshake handshake.c -lssl -lcrypto */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";

static void check(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "handshake: %s failed\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static SSL_CTX *make_context(const char *identity) {
    char path[4096];
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    check(context != NULL, "SSL_CTX_new");
    snprintf(path, sizeof path, "%s/tls.crt", identity);
    check(SSL_CTX_use_certificate_chain_file(context, path) == 1, path);
    snprintf(path, sizeof path, "%s/tls.key", identity);
    check(SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM) == 1, path);
    snprintf(path, sizeof path, "%s/ca.crt", identity);
    check(SSL_CTX_load_verify_locations(context, path, NULL) == 1, path);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    check(SSL_CTX_set_alpn_protos(context, (const unsigned char *)"\2h2", 3) == 0, "SSL_CTX_set_alpn_protos");
    return context;
}

/* Returns when the server's settings are there, so that the server has done its part too. */
static SSL *open_connection(SSL_CTX *context, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    check(descriptor >= 0 && connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0, "connect");
    SSL *ssl = SSL_new(context);
    check(ssl != NULL && SSL_set_fd(ssl, descriptor) == 1, "SSL_set_fd");
    check(SSL_connect(ssl) == 1 && !SSL_session_reused(ssl), "SSL_connect");
    check(SSL_write(ssl, preface, sizeof preface - 1) > 0, "SSL_write");
    char frame[9];
    check(SSL_read(ssl, frame, sizeof frame) > 0, "SSL_read");
    return ssl;
}

static void close_connection(SSL *ssl) {
    int descriptor = SSL_get_fd(ssl);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(descriptor);
}

int main(int count, char **arguments) {
    int is_idle = count > 1 && strcmp(arguments[1], "idle") == 0;
    if (count != 4 + is_idle) {
        fprintf(stderr, "usage: handshake [idle] PORT IDENTITY COUNT\n");
        return 64;
    }
    arguments += is_idle;
    int port = atoi(arguments[1]), connections = atoi(arguments[3]);
    SSL_CTX *context = make_context(arguments[2]);
    if (is_idle) {
        for (int index = 0; index < connections; index++) open_connection(context, port);
        puts("ready");
        fflush(stdout);
        getchar();
    } else {
        for (int index = 0; index < connections; index++) close_connection(open_connection(context, port));
    }
    return 0;
}
