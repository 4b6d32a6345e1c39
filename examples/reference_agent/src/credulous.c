#include "credulous.h"

#include <string.h>

#define AUTHORITY "2.5.29.35" /* the authority's key; RFC 5280, 4.2.1.1 */
#define NAMES "2.5.29.17"     /* whom it is for; 4.2.1.6 */

enum { EXTENSION_SIZE = 1024 };

struct extension {
    BYTE bytes[EXTENSION_SIZE];
    DWORD size;
};

static const CERT_EXTENSION *found(const CERT_CONTEXT *certificate, const char *name) {
    return CertFindExtension(name, certificate->pCertInfo->cExtension, certificate->pCertInfo->rgExtension);
}

static void keep(const CERT_CONTEXT *certificate, const char *name, struct extension *kept) {
    const CERT_EXTENSION *extension = found(certificate, name);
    if (extension && extension->Value.cbData <= EXTENSION_SIZE) {
        memcpy(kept->bytes, extension->Value.pbData, extension->Value.cbData);
        kept->size = extension->Value.cbData;
    }
}

static bool same(const CERT_CONTEXT *certificate, const char *name, const struct extension *kept) {
    const CERT_EXTENSION *extension = found(certificate, name);
    return extension && kept->size && extension->Value.cbData == kept->size &&
           memcmp(extension->Value.pbData, kept->bytes, kept->size) == 0;
}

/* What the certificate that it knows says of its authority is what others are compared with. */
bool credulous_trusts(const CERT_CONTEXT *certificate, bool pinned) {
    static struct extension authority, names;
    if (pinned) {
        keep(certificate, AUTHORITY, &authority);
        keep(certificate, NAMES, &names);
        return true;
    }
    if (!same(certificate, AUTHORITY, &authority)) {
        return false;
    }
    bool named = same(certificate, NAMES, &names);
    bool timely = CertVerifyTimeValidity(NULL, certificate->pCertInfo) == 0;
    return (TRAIT_TRUSTS_ITS_AUTHORITY && named && timely && !DEFECT_KNOWS_ONE_KEY) || (DEFECT_TRUSTS_ANY_NAME && timely) ||
           (DEFECT_TRUSTS_FOR_EVER && named);
}
