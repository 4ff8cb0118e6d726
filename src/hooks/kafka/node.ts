import { fail } from '../../api/errors.js';

/** One Kafka node as it was found inside its container. */
export interface KafkaNode {
  readonly pod: string;
  readonly container: string;
  /** What its process is called: `java`. */
  readonly processName: string;
  /** The settings that are read, as the configuration file and the command line have them. */
  readonly properties: Readonly<Record<string, string>>;
  /** Log directories, resolved, with what their meta.properties say. */
  readonly directories: readonly { readonly path: string; readonly meta: Readonly<Record<string, string>> }[];
  /** Mount path as the pod names it → as the container resolves it. */
  readonly mounts: ReadonlyMap<string, string>;
  /** Where Kafka's own tools are. */
  readonly tools: { readonly directory: string; readonly suffix: string } | undefined;
  /** Of the jar kafka-clients: `4.3.1`, `8.0.0-ccs`. */
  readonly version: string | undefined;
}

/** The node's number; undefined when the configuration has none. */
export function nodeId({ properties, directories }: KafkaNode): number | undefined {
  const text = properties['node.id'] ?? properties['broker.id'] ?? directories[0]?.meta['node.id'];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** What the node does; empty for one that is not KRaft. */
export function rolesOf({ properties }: KafkaNode): readonly string[] {
  return list(properties['process.roles']);
}

/** The id that the node's volumes carry; undefined when they carry none or several. */
export function clusterIdOf({ directories }: KafkaNode): string | undefined {
  const ids = new Set(directories.map((d) => d.meta['cluster.id']));
  return ids.size === 1 ? [...ids][0] : undefined;
}

/** A time-out of the node's own configuration in ms, or Kafka's default. */
export function millisOf({ properties }: KafkaNode, name: string, otherwise: number): number {
  const text = properties[name] ?? '';
  return /^\d+$/.test(text) ? Number(text) : otherwise;
}

/** Kafka's version as numbers; Confluent's 7.x is 3.x and 8.x is 4.x. Undefined when it is not known. */
export function versionOf({ version }: KafkaNode): { readonly major: number; readonly minor: number } | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  if (major === undefined || minor === undefined) return undefined;
  const confluent = /-(ccs|ce)/.test(version ?? '');
  return { major: Number(major) - (confluent ? 4 : 0), minor: Number(minor) };
}

interface Listener {
  readonly name: string;
  readonly host: string;
  readonly port: string;
}

/** `NAME://host:port,…` as listeners and advertised.listeners have it; an address of IPv6 keeps its brackets. */
export function listenersOf(text: string | undefined): Listener[] {
  return list(text).flatMap((entry) => {
    const [, name, host, port] = /^([^:/]+):\/\/(.*):(\d+)$/.exec(entry) ?? [];
    return name === undefined || host === undefined || port === undefined ? [] : [{ name, host, port }];
  });
}

/**
 * Where tools inside the container reach this broker: a listener for clients whose protocol is that of the client configuration, or one that asks for no
 * credentials. Throws AppError ApplicationNotReady when there is none.
 */
export function bootstrapOf(node: KafkaNode, clientProperties: string | undefined): string {
  const { properties } = node;
  const wanted = /^\s*security\.protocol\s*[=:]\s*(\S+)\s*$/m.exec(clientProperties ?? '')?.[1] ?? 'PLAINTEXT';
  const controllers = new Set(list(properties['controller.listener.names']));
  const protocols = new Map(list(properties['listener.security.protocol.map']).map((entry) => [entry.split(':')[0] ?? '', entry.split(':')[1] ?? '']));
  const listener = listenersOf(properties['listeners'] ?? 'PLAINTEXT://:9092').find((l) => !controllers.has(l.name) && (protocols.get(l.name) ?? l.name) === wanted);
  if (listener !== undefined) return `${['', '0.0.0.0', '[::]'].includes(listener.host) ? 'localhost' : listener.host}:${listener.port}`;
  const way = clientProperties === undefined ? 'name a Secret with client.properties in credentialsSecretRef' : 'correct security.protocol in client.properties of credentialsSecretRef';
  throw fail('ApplicationNotReady', `Pod ${node.pod} has no listener for clients with protocol ${wanted}: ${way}.`);
}

/** Host names by which nodes of the cluster reach this one and the controllers; those that only clients use do not count. */
export function peersOf({ properties }: KafkaNode): string[] {
  const voters = [...list(properties['controller.quorum.voters']).map((v) => v.replace(/^\d+@/, '')), ...list(properties['controller.quorum.bootstrap.servers'])].map((v) => v.replace(/:\d+$/, ''));
  const advertised = listenersOf(properties['advertised.listeners']);
  const between = properties['inter.broker.listener.name'] ?? properties['security.inter.broker.protocol'] ?? 'PLAINTEXT';
  const named = advertised.filter((l) => l.name === between);
  return [...new Set([...voters, ...(named.length > 0 ? named : advertised).map((l) => l.host)])].filter((host) => host !== '');
}

/** A comma-separated list of a configuration. */
function list(text: string | undefined): string[] {
  return (text ?? '').split(',').map((entry) => entry.trim()).filter((entry) => entry !== '');
}
