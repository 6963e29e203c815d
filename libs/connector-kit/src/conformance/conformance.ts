import type { Connector } from '../connector.js';
import { errorCases } from './error-cases.js';
import type { ConformanceCase, ConformanceHarness } from './harness.js';
import { readingCases } from './reading-cases.js';
import { recordCases } from './record-cases.js';

/**
 * The connector bar as checks: what every connector is held to, against a simulated partner. Each case starts its own, is
 * independent of the others and throws when the connector fails it; a spec maps them to `it(name, run)`.
 */
export function connectorConformance(connector: Connector, harness: ConformanceHarness): readonly ConformanceCase[] {
  return [...errorCases(connector, harness), ...readingCases(connector, harness), ...recordCases(connector, harness)];
}
