import { detectBy } from '../detect-by.js';

type Labels = Readonly<Record<string, string>>;

/** What else is called after Kafka. */
const otherProgram = /(exporter|connect|mirror|bridge|proxy|operator|rest|schema|registry|cruise|ksql|metrics|manager|drop|console|akhq|-ui|ui-|cli|client|init)/;

/** Labels and names of containers as the source of each has them, which is named beside it; those of Confluent are not open (docs/kafka.md). */
export const { detect, operatorOf } = detectBy({
  kind: 'Kafka',
  marks: [
    {
      // strimzi-kafka-operator: io.strimzi.operator.common.model.Labels. Exporters and entity operators carry the cluster label too.
      by: 'Strimzi',
      rank: 100,
      operator: 'Strimzi',
      cluster: (l) => (l['strimzi.io/kind'] === 'Kafka' && (l['strimzi.io/component-type'] ?? 'kafka') === 'kafka' && isStrimziNode(l) ? l['strimzi.io/cluster'] : undefined),
      containers: ['kafka'],
    },
    {
      // As pods of it are described in public. Brokers and controllers are two objects there; what they share is the label clusterId.
      by: 'Confluent for Kubernetes',
      rank: 100,
      operator: 'Confluent for Kubernetes',
      cluster: (l) => (l['confluent-platform'] === 'true' && ['kafka', 'kraftcontroller'].includes(l['platform.confluent.io/type'] ?? l['type'] ?? '') ? (l['clusterId'] ?? l['app']) : undefined),
      containers: ['kafka', 'kraftcontroller'],
    },
    {
      // banzaicloud/koperator and its fork by Adobe: api/v1beta1 (KafkaCRLabelKey, BrokerIdLabelKey), pkg/resources/kafka.
      by: 'Koperator',
      rank: 100,
      operator: 'Koperator',
      cluster: (l) => (l['brokerId'] === undefined ? undefined : l['kafka_cr']),
      containers: ['kafka'],
    },
    {
      // bitnami/charts: templates of kafka (controller-eligible, broker; in older ones kafka).
      by: 'Bitnami chart',
      rank: 90,
      cluster: (l) =>
        l['app.kubernetes.io/name'] === 'kafka' && ['broker', 'controller-eligible', 'controller', 'kafka'].includes(l['app.kubernetes.io/component'] ?? '') ? l['app.kubernetes.io/instance'] : undefined,
      containers: ['kafka'],
    },
  ],
  plain: {
    image: /kafka/,
    otherImage: otherProgram,
    otherContainer: otherProgram,
    ports: [9092, 9093, 9094],
    container: /^(kafka|broker|controller)(-|$)/,
  },
});

function isStrimziNode(l: Labels): boolean {
  const roles = [l['strimzi.io/broker-role'], l['strimzi.io/controller-role']];
  return roles.some((role) => role !== undefined) || l['strimzi.io/name'] === `${l['strimzi.io/cluster'] ?? ''}-kafka`;
}
