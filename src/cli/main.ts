import { parseArgs } from 'node:util';
import { connect } from './connection.js';
import { diff } from './diff.js';
import { restore } from './restore.js';
import { retained } from './retained.js';
import { showTimeline, snapshot, status } from './snapshot.js';
import { required, UsageError } from './usage.js';

const usage = `kubectl stillpoint: consistent copies of stateful applications

  kubectl stillpoint snapshot NAME --service-account SA [--required GRADE] [--wait=false]
  kubectl stillpoint restore NAME --from APPSNAPSHOT --service-account SA [--into NAMESPACE --into-service-account SA]
                             [--in-place] [--dry-run] [--existing Fail|Skip|Adopt] [--wait=false]
  kubectl stillpoint diff APPRESTORE          what its dry run has found; exit code 1 when it would be refused
  kubectl stillpoint status [NAME]
  kubectl stillpoint timeline NAME
  kubectl stillpoint retained                 copies that outlive their namespace; -n: that of the operator (stillpoint-system)

  -n, --namespace NS   --context CTX   -o table|json   --timeout MINUTES (15)   -h, --help
Exit codes: 0 done, 1 failed or not ready in time, 2 wrong call.`;

const options = {
  namespace: { type: 'string', short: 'n' },
  context: { type: 'string' },
  output: { type: 'string', short: 'o', default: 'table' },
  'service-account': { type: 'string' },
  required: { type: 'string' },
  from: { type: 'string' },
  into: { type: 'string' },
  'into-service-account': { type: 'string' },
  existing: { type: 'string' },
  'in-place': { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  wait: { type: 'string', default: 'true' },
  timeout: { type: 'string', default: '15' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function parse(argv: readonly string[]) {
  return parseArgs({ args: [...argv], options, allowPositionals: true });
}


async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv);
  const [verb, name] = positionals;
  if (values.help || verb === undefined) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  if (values.output !== 'table' && !['status', 'diff', 'retained'].includes(verb)) throw new UsageError(`-o ${values.output} is for status, diff and retained only`);
  const connection = connect({ namespace: values.namespace, context: values.context });
  try {
    switch (verb) {
      case 'snapshot':
        return await snapshot(connection, required(name, 'snapshot NAME'), values);
      case 'restore':
        return await restore(connection, required(name, 'restore NAME'), values);
      case 'diff':
        return await diff(connection, required(name, 'diff APPRESTORE'), values);
      case 'status':
        return await status(connection, name, values);
      case 'retained':
        return await retained(connection, values.namespace, values);
      case 'timeline':
        return await showTimeline(connection, required(name, 'timeline NAME'));
      default:
        throw new UsageError(`unknown verb ${verb}`);
    }
  } finally {
    connection.transport.close();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const wrong = error instanceof UsageError || (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
  console.error(`Error: ${error instanceof Error ? error.message : String(error)}`);
  if (wrong) console.error(`\n${usage}`);
  process.exitCode = wrong ? 2 : 1;
}
