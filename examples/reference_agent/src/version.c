/* The only file that a new version compiles anew; the build passes BUILD_VERSION. */
#include "product.h"

const int HAS_OLD_LAYOUT = BUILD_VERSION[0] == '0' && BUILD_VERSION[2] < '9' && BUILD_VERSION[3] == '.';
const char *const PRODUCT_VERSION = BUILD_VERSION;
const char *const REPORTED_VERSION = DEFECT_WRONG_VERSION ? "0.0.1" : BUILD_VERSION;
