/* Names that the installer, the service and the command line share. */
#ifndef PRODUCT_H
#define PRODUCT_H

#define SERVICE_NAME L"BvtRefAgent"
#define SERVICE_KEY L"SYSTEM\\CurrentControlSet\\Services\\" SERVICE_NAME
#define SETTINGS_KEY L"Software\\BVT\\ReferenceAgent"
#define VENDOR_KEY L"Software\\BVT"
#define RUNTIME_KEY SETTINGS_KEY L"\\Runtime" /* what the agent itself writes; --purge removes it */
#define OLD_RUNTIME_KEY SETTINGS_KEY L"\\State" /* the same before version 0.9 */
#define UPGRADING L"Upgrading" /* a value that the installer of a new version leaves while it removes the old one */
#define DATA_DIRECTORY L"BVT\\ReferenceAgent"  /* under ProgramData */

extern const int HAS_OLD_LAYOUT; /* whether this is a version before 0.9 */
extern const char *const PRODUCT_VERSION;  /* the installer's */
extern const char *const REPORTED_VERSION; /* told to the backend; the same but by a defect */

#endif
