/* What an installer started and left running: its process tree, as far as that is awaited. */
#ifndef BVT_TREE_H
#define BVT_TREE_H
#include "start.h"

#define MOST_STAYING 16

typedef struct {
  int awaited;
  const wchar_t *stays[MOST_STAYING];
  DWORD count;
} tree_options;

/* Takes --tree and every --stays PATH from the arguments: whether the tree is awaited, and the folders and programs
 * whose processes are meant to stay. */
void take_tree_options(arguments *given, tree_options *tree);
/* The same options again, for another probe's command line; the caller frees. */
wchar_t *tree_arguments(const tree_options *tree);
/* Waits for the program, then for what it started; ends what is awaited and still runs when the time is over. Returns
 * whether it timed out. */
int wait_tree(const started *program, const tree_options *tree, DWORD timeout_ms, DWORD *exit_code);
/* "children": what was awaited after the program itself had ended. */
void describe_children(void);
#endif
