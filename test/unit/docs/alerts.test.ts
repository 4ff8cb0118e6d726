import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { createOperatorMetrics } from '../../../src/controllers/metrics.js';
import { createMetrics } from '../../../src/observability/metrics.js';
import { createRuntimeMetrics } from '../../../src/runtime/runtime-metrics.js';
import { readPages } from './pages.js';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const [group] = (load(readFileSync('charts/stillpoint/alerts.yaml', 'utf8')) as { groups: { rules: Rule[] }[] }).groups;
const rules = group!.rules;
const page = readPages().find((p) => p.path === 'docs/operations.md')!;

/** Labels of each metric, by the table of the page, which another test holds against the code. */
const labelsOf = new Map(page.prose.flatMap((line) => {
  const [, name, labels] = /^\| `([a-z_]+)` \| (?:counter|gauge|histogram) \| (.*?) \|/.exec(line) ?? [];
  return name === undefined ? [] : [[name, (labels?.match(/[a-z]+/g) ?? [])] as const];
}));

/** What promtool tests is when alerts fire (`make alerts`); this is that they speak of what is there. */
describe.each(rules)('$alert', ({ alert, expr, labels, annotations }) => {
  test('asks for metrics that exist, by labels that they have, and speaks of no other', () => {
    const registry = createMetrics();
    createOperatorMetrics(registry);
    createRuntimeMetrics(registry);
    const names = expr.match(/\b(?:stillpoint|leader)_[a-z_]+/g) ?? [];
    expect(names).toHaveLength(1);
    for (const name of names) {
      expect(registry.render()).toContain(`# TYPE ${name} gauge`);
      const grouped = (/by \(([a-z, ]+)\)/.exec(expr)?.[1] ?? '').split(', ').filter((label) => label !== '');
      expect(labelsOf.get(name)).toEqual(expect.arrayContaining(grouped));
      const spoken = [...`${annotations.summary} ${annotations.description}`.matchAll(/\$labels\.([a-z]+)/g)].map(([, label]) => label);
      expect(grouped).toEqual(expect.arrayContaining(spoken));
    }
  });

  test('is in the table of the page, with its severity, and tested by promtool both ways', () => {
    expect(page.prose.some((line) => line.startsWith(`| ${alert} | ${labels.severity} |`))).toBe(true);
    const { tests } = load(readFileSync('test/alerts/rules.test.yaml', 'utf8')) as { tests: { alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[] }[] };
    const own = tests.flatMap((t) => t.alert_rule_test).filter((t) => t.alertname === alert);
    expect(new Set(own.map((t) => t.exp_alerts !== undefined))).toEqual(new Set([true, false]));
  });
});

test('the page has no alert that is not shipped', () => {
  const told = page.prose.flatMap((line) => /^\| (Stillpoint\w+) \|/.exec(line)?.[1] ?? []);
  expect(told.sort()).toEqual(rules.map(({ alert }) => alert).sort());
});
