/* Firewall rules as the Windows Firewall stores them: one value per rule, fields separated by bars. */
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "tables.h"
#include "text.h"
#include "wide.h"

static const wchar_t RULES_KEY[] =
    L"SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules";

/* The field's value; [MS-GPFAS] 2.2.2.19 gives the grammar: v2.31|Action=Allow|Active=TRUE|Dir=In|Name=…| */
static char *field(const char *rule, const char *name) {
    for (const char *at = strchr(rule, '|'); at; at = strchr(at + 1, '|')) {
        if (starts_with(at + 1, name)) {
            const char *from = at + 1 + strlen(name);
            struct text text = {0};
            text_add_bytes(&text, from, strcspn(from, "|"));
            return text.data;
        }
    }
    return duplicate("");
}

static void add_rule(struct sink *sink, const char *rule) {
    char *name = field(rule, "Name=");
    char *program = field(rule, "App=");
    char *action = field(rule, "Action=");
    char *active = field(rule, "Active=");
    char *direction = field(rule, "Dir=");
    table_row(sink, (const char *[]){name, program, action, strcmp(active, "TRUE") == 0 ? "1" : "0", direction});
    free(name);
    free(program);
    free(action);
    free(active);
    free(direction);
}

bool windows_firewall_rules_table(struct sink *sink) {
    HKEY key;
    LSTATUS status = RegOpenKeyExW(HKEY_LOCAL_MACHINE, RULES_KEY, 0, KEY_READ, &key);
    if (status != ERROR_SUCCESS) {
        return status == ERROR_FILE_NOT_FOUND; /* no rules at all */
    }
    for (DWORD i = 0;; i++) {
        wchar_t name[512], data[2048];
        DWORD name_size = 512, size = sizeof data, type;
        status = RegEnumValueW(key, i, name, &name_size, NULL, &type, (BYTE *)data, &size);
        if (status == ERROR_MORE_DATA) {
            continue;
        }
        if (status != ERROR_SUCCESS) {
            break;
        }
        if (type == REG_SZ) {
            char *rule = narrow_part(data, wcsnlen(data, size / sizeof(wchar_t)));
            add_rule(sink, rule);
            free(rule);
        }
    }
    RegCloseKey(key);
    return true;
}
