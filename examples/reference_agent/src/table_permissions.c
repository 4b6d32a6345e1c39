/* Who may do what with the watched files and directories, by their discretionary access lists. */
#include <stdlib.h>
#include <wchar.h>

#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

#include "tables.h"
#include "text.h"
#include "watched.h"
#include "wide.h"

static char *principal_name(PSID sid) {
    wchar_t name[256], domain[256];
    DWORD name_size = 256, domain_size = 256;
    SID_NAME_USE use;
    wchar_t *text = NULL;
    if (LookupAccountSidW(NULL, sid, name, &name_size, domain, &domain_size, &use)) {
        return narrow(name);
    }
    if (!ConvertSidToStringSidW(sid, &text)) {
        return duplicate("");
    }
    char *result = narrow(text);
    LocalFree(text);
    return result;
}

/* The rights in words, as osquery shows them. */
static void add_rights(struct text *text, DWORD mask) {
    static const struct {
        DWORD bit;
        const char *name;
    } rights[] = {{FILE_READ_DATA, "Read"}, {FILE_WRITE_DATA, "Write"},  {FILE_EXECUTE, "Execute"},
                  {DELETE, "Delete"},       {WRITE_DAC, "Change DACL"}, {WRITE_OWNER, "Change Owner"}};
    text_add(text, "");
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
        if (mask & rights[i].bit) {
            text_addf(text, "%s%s", text->length ? "," : "", rights[i].name);
        }
    }
}

static void add_entry(struct sink *sink, const char *path, ACE_HEADER *header) {
    if (header->AceType != ACCESS_ALLOWED_ACE_TYPE && header->AceType != ACCESS_DENIED_ACE_TYPE) {
        return;
    }
    ACCESS_ALLOWED_ACE *entry = (ACCESS_ALLOWED_ACE *)header; /* both types have this layout */
    char *principal = principal_name(&entry->SidStart);
    struct text access = {0};
    add_rights(&access, entry->Mask);
    table_row(sink, (const char *[]){path, header->AceType == ACCESS_ALLOWED_ACE_TYPE ? "grant" : "deny", principal,
                                     access.data});
    text_free(&access);
    free(principal);
}

static void add_path(void *context, const wchar_t *path) {
    PACL list = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    if (GetNamedSecurityInfoW((wchar_t *)path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &list, NULL,
                              &descriptor) != ERROR_SUCCESS) {
        return; /* gone since it was listed */
    }
    char *narrow_path = narrow(path);
    for (DWORD i = 0; list && i < list->AceCount; i++) {
        void *entry;
        if (GetAce(list, i, &entry)) {
            add_entry(context, narrow_path, entry);
        }
    }
    free(narrow_path);
    LocalFree(descriptor);
}

bool ntfs_acl_permissions_table(struct sink *sink) {
    watched_each(add_path, sink);
    return true;
}
