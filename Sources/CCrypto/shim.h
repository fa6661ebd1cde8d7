#ifndef WEIR_CCRYPTO_SHIM_H
#define WEIR_CCRYPTO_SHIM_H

#include <openssl/crypto.h>
#include <openssl/hmac.h>

/// HMAC-SHA256 of a message; `mac` has room for 32 bytes. Returns whether it could be made.
static inline int weir_hmac_sha256(
    const void *key, int key_length, const void *message, size_t message_length, unsigned char *mac) {
    unsigned int length = 0;
    return HMAC(EVP_sha256(), key, key_length, (const unsigned char *)message, message_length, mac, &length) != NULL
        && length == 32;
}

#endif
