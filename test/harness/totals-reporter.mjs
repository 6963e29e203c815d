import { writeFileSync } from 'node:fs';

/** Writes what a jest run came to into the file CS_TOTALS_FILE names, for `npm test`. */
export default class TotalsReporter {
  constructor() { this.file = process.env.CS_TOTALS_FILE; }

  onRunComplete(_contexts, results) {
    const files = {};
    for (const { displayName } of results.testResults) if (displayName) files[displayName.name] = (files[displayName.name] ?? 0) + 1;
    writeFileSync(this.file, JSON.stringify({
      passed: results.numPassedTests,
      // a spec file that couldn't be run counts as one
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
      files,
    }));
  }
}
