#include "digest.h"

#include <stdio.h>

#include <bcrypt.h>

bool sha256(const void *bytes, DWORD count, BYTE digest[DIGEST_SIZE]) {
    BCRYPT_ALG_HANDLE algorithm;
    BCRYPT_HASH_HANDLE hash;
    bool good = false;
    if (BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_SHA256_ALGORITHM, NULL, 0) != 0) {
        return false;
    }
    if (BCryptCreateHash(algorithm, &hash, NULL, 0, NULL, 0, 0) == 0) {
        good = BCryptHashData(hash, (PUCHAR)bytes, count, 0) == 0 &&
               BCryptFinishHash(hash, digest, DIGEST_SIZE, 0) == 0;
        BCryptDestroyHash(hash);
    }
    BCryptCloseAlgorithmProvider(algorithm, 0);
    return good;
}

void digest_hex(const BYTE digest[DIGEST_SIZE], char hex[2 * DIGEST_SIZE + 1]) {
    for (int i = 0; i < DIGEST_SIZE; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
}
