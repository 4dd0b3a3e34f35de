/* findings.h -- what is wrong with a definition file, the way compilers say it:
 *
 *     release.yaml:14:13: missing: Node 'sign' depends on 'scan' which does not exist in the DAG
 *         depends_on: [scan]
 *                      ^
 */
#ifndef ORCH_CLI_DAG_FINDINGS_H
#define ORCH_CLI_DAG_FINDINGS_H

#include "base/buf.h"
#include "cli/cli.h"
#include "model/dag/finding.h"

/* Appends all findings; text is the file's, file its name as the user gave it. Columns count
 * characters from 1; a finding without a place has no source line. */
void findings_add(const struct cli *cli, struct buf *b, const char *file, const struct buf *text,
                  const struct dag_findings *findings);

#endif
