/* names.h -- what lanes, tenants and messages are called in JetStream (docs/adr/0086). Pure.
 *
 * A token of a subject, and the name of a consumer, may not have every character: a byte that is no
 * letter, digit, '_' or '-' is written as '%' and two hexadecimal digits. Texts that a server sent
 * are read here, so nothing of them is believed. */
#ifndef ORCH_BRIDGE_NATS_NAMES_H
#define ORCH_BRIDGE_NATS_NAMES_H

#include "base/buf.h"
#include "bridge/wire/tasks.h"

#define NATS_TASKS_STREAM "ORCH_TASKS"
#define NATS_TASKS_SUBJECTS "orch.tasks.>"
#define NATS_DLQ_STREAM "ORCH_DLQ"
#define NATS_DLQ_SUBJECTS "orch.dlq.>"
enum { NATS_NAME_BYTES_MAX = 255 }; /* of a consumer, as the server counts */

/* Each appends. tenant NULL: of all of them. */
void nats_add_subject(struct buf *b, const char *tenant, const struct bridge_queue *queue);
void nats_add_consumer(struct buf *b, const struct bridge_queue *queue);
void nats_add_dlq_subject(struct buf *b, const char *lane);

/* The tenant of a task's subject. False: it has none, or one that is longer than bytes. */
bool nats_tenant_of(const char *subject, char *ret, size_t bytes) must_check;

/* What a delivered message is answered under:
 * $JS.ACK.[DOMAIN.ACCOUNT.]STREAM.CONSUMER.DELIVERIES.SEQUENCE.CONSUMER_SEQUENCE.TIME.PENDING[.TOKEN]
 */
struct nats_delivery {
    struct bridge_queue queue; /* by the consumer */
    uint64_t sequence;
    uint32_t deliveries;
};
bool nats_delivery_of(const char *reply, struct nats_delivery *ret) must_check;

/* An entry's id is its sequence in decimal. 0 is none. */
bool nats_sequence_of(const char *id, uint64_t *ret) must_check;

#endif
