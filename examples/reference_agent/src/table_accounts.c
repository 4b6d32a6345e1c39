/* Local users and groups. Wine keeps them only inside one process and says so by an error: then there are no rows. */
#include <stdio.h>
#include <stdlib.h>

#include <windows.h>

#include <lm.h>

#include "tables.h"
#include "text.h"
#include "wide.h"

static void add_user(struct sink *sink, const USER_INFO_20 *user) {
    char uid[16];
    char *name = narrow(user->usri20_name);
    char *comment = narrow(user->usri20_comment ? user->usri20_comment : L"");
    snprintf(uid, sizeof uid, "%lu", user->usri20_user_id);
    table_row(sink, (const char *[]){uid, name, comment});
    free(name);
    free(comment);
}

bool users_table(struct sink *sink) {
    USER_INFO_20 *users = NULL;
    DWORD count = 0, total = 0;
    NET_API_STATUS status = NetUserEnum(NULL, 20, FILTER_NORMAL_ACCOUNT, (BYTE **)&users, MAX_PREFERRED_LENGTH,
                                        &count, &total, NULL);
    for (DWORD i = 0; status == NERR_Success && i < count; i++) {
        add_user(sink, &users[i]);
    }
    NetApiBufferFree(users);
    return status == NERR_Success;
}

static void add_group(struct sink *sink, const LOCALGROUP_INFO_1 *group) {
    char *name = narrow(group->lgrpi1_name);
    char *comment = narrow(group->lgrpi1_comment ? group->lgrpi1_comment : L"");
    table_row(sink, (const char *[]){name, comment});
    free(name);
    free(comment);
}

bool groups_table(struct sink *sink) {
    LOCALGROUP_INFO_1 *groups = NULL;
    DWORD count = 0, total = 0;
    NET_API_STATUS status =
        NetLocalGroupEnum(NULL, 1, (BYTE **)&groups, MAX_PREFERRED_LENGTH, &count, &total, NULL);
    for (DWORD i = 0; status == NERR_Success && groups && i < count; i++) {
        add_group(sink, &groups[i]);
    }
    NetApiBufferFree(groups);
    return status == NERR_Success;
}
