import { z } from 'zod';
import type { Check } from '../../api/common.js';
import type { Server } from './connection.js';

/** A standby looks for its primary again every 5 s (wal_retrieve_retry_interval); that a name was not known yet may be remembered by the cluster's DNS for 30 s. */
const patienceSeconds = 45;

const untilStreaming = `DO $$ BEGIN FOR i IN 1..${patienceSeconds * 10} LOOP
  EXIT WHEN EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming');
  PERFORM pg_sleep(0.1);
END LOOP; END $$;`;

const standbyRow = z.object({ streaming: z.boolean(), follows: z.boolean().nullable(), position: z.string().nullable() });
const standbySql = `SELECT EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming') AS streaming, pg_last_wal_replay_lsn()::text AS position,
  (SELECT setting <> '' FROM pg_settings WHERE name = 'primary_conninfo') AS follows`;
const primaryRow = z.object({ known: z.boolean() });

/** Whether a restored standby streams from the restored primary, which must know it by the address of its pod. */
export async function followCheck(standby: Server, podIP: string | undefined, primary: Server | undefined): Promise<Check> {
  const name = `standby ${standby.pod} follows`;
  const [first] = await standby.rows(standbySql, standbyRow);
  if (first?.follows === false) return { name, outcome: 'Skipped', message: `It follows nobody, and stays at ${first.position ?? 'the cut'}: clone it anew from the restored primary.` };
  await standby.script(untilStreaming, { statementMillis: 2 * patienceSeconds * 1000 });
  const [now] = await standby.rows(standbySql, standbyRow);
  if (now?.streaming !== true) return { name, outcome: first?.follows === true ? 'Failed' : 'Unknown', message: `It does not stream from a primary, and stays at ${now?.position ?? 'the cut'}.` };
  if (primary === undefined || podIP === undefined || !/^[0-9a-fA-F.:]+$/.test(podIP)) return { name, outcome: 'Unknown', message: 'It streams, but the restored primary or its own address is not known.' };
  const [seen] = await primary.rows(`SELECT EXISTS (SELECT FROM pg_stat_replication WHERE host(client_addr) = '${podIP}') AS known`, primaryRow);
  if (seen?.known === true) return { name, outcome: 'Passed', message: `It streams from the restored primary ${primary.pod}.` };
  return { name, outcome: 'Failed', message: `It streams, but not from the restored primary ${primary.pod}: it may follow the original. Stop it.` };
}
