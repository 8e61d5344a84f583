#pragma once
/* Swift cannot import function-like macros and type-safe stacks, so each one we need gets a named inline function. */
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

static inline int COpenSSL_only_tls13(SSL_CTX *context) {
    return (int)SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
}

static inline int COpenSSL_tls12_and_later(SSL_CTX *context) {
    return (int)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

/* Partial writes from a moving buffer. */
static inline void COpenSSL_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
}

/* No buffers are kept while the connection is idle. Set when the handshake is done: during it they would be freed and
   made again for every message. */
static inline void COpenSSL_release_buffers(SSL *ssl) {
    SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
}

static inline void COpenSSL_set_app_data(SSL *ssl, void *data) {
    SSL_set_app_data(ssl, data);
}

static inline void *COpenSSL_get_app_data(const SSL *ssl) {
    return SSL_get_app_data(ssl);
}

static inline int COpenSSL_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline BIO *COpenSSL_memory_bio(const void *bytes, int count) {
    return BIO_new_mem_buf(bytes, count);
}

static inline long COpenSSL_bio_bytes(BIO *bio, const char **bytes) {
    return BIO_get_mem_data(bio, (char **)bytes);
}

/* The number of URI names in a certificate, and the bytes of the first; -1 when the extension cannot be read. */
static inline int COpenSSL_uri_names(const X509 *certificate, char *first, int capacity) {
    int critical = 0, count = 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, NULL);
    if (names == NULL)
        return critical == -1 ? 0 : -1;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_URI)
            continue;
        int length = ASN1_STRING_length(name->d.uniformResourceIdentifier);
        if (count == 0 && length < capacity) {
            const unsigned char *bytes = ASN1_STRING_get0_data(name->d.uniformResourceIdentifier);
            for (int k = 0; k < length; k++)
                first[k] = (char)bytes[k];
            first[length] = 0;
        } else if (count == 0) {
            count = -2;
            break;
        }
        count++;
    }
    GENERAL_NAMES_free(names);
    return count;
}

/* Seconds since 1970 of a certificate's end; -1 when it cannot be read. */
static inline int64_t COpenSSL_not_after(const X509 *certificate) {
    struct tm time;
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) != 1)
        return -1;
    return (int64_t)timegm(&time);
}

/* The same of a certificate's beginning. */
static inline int64_t COpenSSL_not_before(const X509 *certificate) {
    struct tm time;
    if (ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &time) != 1)
        return -1;
    return (int64_t)timegm(&time);
}

/* Whether any certificate of a chain that is being verified has the key of `authority`. */
static inline int COpenSSL_chain_has_key(X509_STORE_CTX *context, const X509 *authority) {
    const EVP_PKEY *key = X509_get0_pubkey(authority);
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
    for (int i = 0; i < sk_X509_num(chain); i++)
        if (EVP_PKEY_eq(X509_get0_pubkey(sk_X509_value(chain, i)), key) == 1)
            return 1;
    return 0;
}

static inline int COpenSSL_is_p256(const EVP_PKEY *key) {
    char name[32];
    size_t length = 0;
    return EVP_PKEY_get_id(key) == EVP_PKEY_EC && EVP_PKEY_get_group_name(key, name, sizeof name, &length) == 1 &&
           strcmp(name, "prime256v1") == 0;
}

/* A subject or an issuer in one line (RFC 2253), cut to what fits and ended with a zero; -1 on failure. */
static inline int COpenSSL_print_name(const X509_NAME *name, char *text, int capacity) {
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL)
        return -1;
    int length = -1;
    if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        length = BIO_read(bio, text, capacity - 1);
        text[length < 0 ? 0 : length] = 0;
    }
    BIO_free(bio);
    return length;
}

/* The next DNS name of a certificate from number `*index` on, which moves behind it; 0 when there is none, or its
   length, at most `capacity`. Names with a zero in them are passed over. */
static inline int COpenSSL_dns_name(const GENERAL_NAMES *names, int *index, char *text, int capacity) {
    for (; *index < sk_GENERAL_NAME_num(names); ++*index) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, *index);
        if (name->type != GEN_DNS)
            continue;
        int length = ASN1_STRING_length(name->d.dNSName);
        const unsigned char *bytes = ASN1_STRING_get0_data(name->d.dNSName);
        if (length <= 0 || length > capacity || memchr(bytes, 0, (size_t)length) != NULL)
            continue;
        memcpy(text, bytes, (size_t)length);
        ++*index;
        return length;
    }
    return 0;
}

static inline GENERAL_NAMES *COpenSSL_alternative_names(const X509 *certificate) {
    return X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}

static inline int COpenSSL_chain_length(const SSL *ssl) {
    return sk_X509_num(SSL_get_peer_cert_chain(ssl));
}

static inline int COpenSSL_set_address(SSL *ssl, const char *address) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), address);
}

static inline EVP_PKEY *COpenSSL_generate_p256(void) {
    return EVP_EC_gen("P-256");
}

static inline EVP_PKEY *COpenSSL_generate_ed25519(void) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

/* Adds an X.509 v3 extension in OpenSSL's own text form; 1 on success. */
static inline int COpenSSL_add_extension(X509 *certificate, X509 *issuer, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL)
        return 0;
    int result = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return result;
}

/* A BIO method whose reads, writes and controls go to three functions. */
static inline BIO_METHOD *COpenSSL_bio_method(int (*read)(BIO *, char *, int),
                                              int (*write)(BIO *, const char *, int),
                                              long (*control)(BIO *, int, long, void *)) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sonde");
    if (method == NULL)
        return NULL;
    BIO_meth_set_read(method, read);
    BIO_meth_set_write(method, write);
    BIO_meth_set_ctrl(method, control);
    return method;
}

static inline void COpenSSL_set_retry_read(BIO *bio) {
    BIO_set_retry_read(bio);
}

static inline void COpenSSL_clear_retry(BIO *bio) {
    BIO_clear_retry_flags(bio);
}

static inline int COpenSSL_is_flush(int control) {
    return control == BIO_CTRL_FLUSH;
}

static inline void COpenSSL_no_session_cache(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static inline int COpenSSL_add_chain(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}

/* Keeps OpenSSL from asking the terminal for the password of an encrypted key. */
static inline int COpenSSL_refuse_password(char *buffer, int size, int writing, void *data) {
    (void)buffer, (void)size, (void)writing, (void)data;
    return 0;
}

static inline EVP_PKEY *COpenSSL_read_private_key(BIO *bio) {
    return PEM_read_bio_PrivateKey(bio, NULL, COpenSSL_refuse_password, NULL);
}

static inline X509 *COpenSSL_read_certificate(BIO *bio) {
    return PEM_read_bio_X509(bio, NULL, COpenSSL_refuse_password, NULL);
}

static inline X509_REQ *COpenSSL_read_request(BIO *bio) {
    return PEM_read_bio_X509_REQ(bio, NULL, COpenSSL_refuse_password, NULL);
}

static inline int COpenSSL_choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                                           const unsigned char *in, unsigned int in_length, void *ours) {
    (void)ssl;
    const char *list = (const char *)ours;
    unsigned char *chosen = NULL;
    int result = SSL_select_next_proto(&chosen, out_length, (const unsigned char *)list, (unsigned int)strlen(list), in,
                                       in_length);
    *out = chosen;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Lets a server agree on h2, on http/1.1, or on both; refuses clients that offer neither. */
static inline void COpenSSL_accept_protocols(SSL_CTX *context, int http2, int http1) {
    static const char both[] = "\x02h2\x08http/1.1", first[] = "\x02h2", second[] = "\x08http/1.1";
    SSL_CTX_set_alpn_select_cb(context, COpenSSL_choose_protocol, (void *)(http2 && http1 ? both : http2 ? first : second));
}
