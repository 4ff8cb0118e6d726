/** Names of indices: those of users, and those that a server makes for itself, also in a cluster that has just begun. All pure. */

/** Data streams of the server: histories of its own work, and all whose names begin with a dot. */
const ownStream = /^(\.|ilm-history-|slm-history-)/;
/** Further indices of the server: system and hidden ones, and what plugins of OpenSearch write about requests. */
const ownIndex = /^(\.|security-auditlog-|top_queries-)/;

/** The data stream that an index stands behind (`.ds-STREAM-DATE-GENERATION`); undefined for an index of its own. */
export function streamOf(index: string): string | undefined {
  return /^\.ds-(.+?)-(?:\d{4}\.\d{2}\.\d{2}-)?\d{6}$/.exec(index)?.[1];
}

/** True for an index that a server makes by itself, so that its being there, or being different, says nothing about the data of users. */
export function isServers(index: string): boolean {
  const stream = streamOf(index);
  return stream === undefined ? ownIndex.test(index) : ownStream.test(stream);
}

/** The indices of users, each once, sorted. */
export function usersIndices(names: readonly string[]): string[] {
  return [...new Set(names.filter((name) => !isServers(name)))].sort();
}

/**
 * Expressions for a restore of everything in a snapshot but what a cluster without data has already made for itself: a restore refuses as a whole when an index of the same
 * name is open, and would put the stream of another server in the place of its own. @param present names in the cluster
 */
export function restoreExpressions(snapshot: { readonly indices: readonly string[]; readonly streams: readonly string[] }, present: readonly string[]): string[] {
  const [inSnapshot, streams] = [new Set(snapshot.indices), new Set(snapshot.streams)];
  const left = present.flatMap((index) => {
    const stream = streamOf(index);
    if (stream !== undefined && streams.has(stream)) return [`-${stream}`, `-.ds-${stream}-*`];
    return inSnapshot.has(index) ? [`-${index}`] : [];
  });
  return ['*', ...new Set(left)];
}
