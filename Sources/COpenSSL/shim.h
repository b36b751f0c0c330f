#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

/* HKDF-SHA256 (RFC 5869), extract and expand. The parameter list keeps pointers to its arguments, which is easier to get
   right here than in Swift. Returns 1 on success. */
static inline int lb_hkdf_sha256(const void *secret, size_t secret_count, const void *salt, size_t salt_count,
                                 const void *info, size_t info_count, void *output, size_t output_count) {
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret, secret_count),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt, salt_count),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info, info_count),
        OSSL_PARAM_construct_end(),
    };
    int done = context ? EVP_KDF_derive(context, output, output_count, parameters) : 0;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    return done;
}

/* Ed25519 (RFC 8032) over raw keys of 32 bytes and signatures of 64; the one-shot calls want a pkey that lives no longer than
   the call. Each returns 1 on success. */
static inline int lb_ed25519_public(const unsigned char seed[32], unsigned char output[32]) {
    size_t count = 32;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    int done = key ? EVP_PKEY_get_raw_public_key(key, output, &count) : 0;
    EVP_PKEY_free(key);
    return done == 1 && count == 32;
}

static inline int lb_ed25519_sign(const unsigned char seed[32], const unsigned char *message, size_t message_count,
                                  unsigned char output[64]) {
    size_t count = 64;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    EVP_MD_CTX *context = key ? EVP_MD_CTX_new() : NULL;
    int done = context && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1
                   && EVP_DigestSign(context, output, &count, message, message_count) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return done && count == 64;
}

static inline int lb_ed25519_verify(const unsigned char public_key[32], const unsigned char *message, size_t message_count,
                                    const unsigned char signature[64]) {
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
    EVP_MD_CTX *context = key ? EVP_MD_CTX_new() : NULL;
    int done = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1
                   && EVP_DigestVerify(context, signature, 64, message, message_count) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return done;
}
