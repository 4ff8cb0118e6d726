import type { Clock } from './clock.js';
import type { Exec } from './exec.js';
import type { Transport } from './transport.js';

export declare function createExec(options: { transport: Transport; clock: Clock }): Exec;
