#!/bin/sh
# @temporalio/worker 1.24.0, Node.js 24: each promise that a workflow makes has its stack taken, and up to ten frames looked
# up in the bundle's source map at once, whether or not anybody asks for the stack (a query `__stack_trace` or the Web UI's
# Call Stack, for which they are kept). The more async functions stand between the workflow and what it waits for, the more
# of a worker's CPU goes there. No option of the worker turns it off; a module among `preloadModules` may set
# Error.stackTraceLimit before the SDK freezes the global objects, which then holds for all workflows.
#
# Seen (two busy cores), for a workflow that awaits 400 times a function ten functions deep, replayed:
#   400 waits ten functions deep: 336 ms of CPU with ten frames, 93 ms with none
#
# Exits 0 while ten frames cost more than twice what none cost, else with another status.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "type": "commonjs" }' >package.json
npm install --silent --no-audit --no-fund @temporalio/worker@1.24.0 @temporalio/workflow@1.24.0
cat >workflows.js <<'JS'
const deep = async (depth) => (depth === 0 ? 0 : 1 + (await deep(depth - 1)));
exports.waits = async () => {
  let sum = 0;
  for (let round = 0; round < 400; round += 1) sum += await deep(10);
  return sum;
};
JS
echo 'Error.stackTraceLimit = 0;' >none.js
cat >show.js <<'JS'
const { bundleWorkflowCode, Runtime, Worker } = require('@temporalio/worker');
const nothing = () => {};
const logger = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
Runtime.install({ logger, telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } } });
const queue = { name: 'any', kind: 'TASK_QUEUE_KIND_NORMAL' };
const at = (eventId, eventType, attributes) => ({
  eventId: String(eventId),
  eventTime: '2026-01-01T00:00:00Z',
  eventType: `EVENT_TYPE_${eventType}`,
  ...attributes,
});
const run = { originalExecutionRunId: 'one', firstExecutionRunId: 'one', attempt: 1, workflowTaskTimeout: '10s' };
const history = {
  events: [
    at(1, 'WORKFLOW_EXECUTION_STARTED', {
      workflowExecutionStartedEventAttributes: { workflowType: { name: 'waits' }, taskQueue: queue, ...run },
    }),
    at(2, 'WORKFLOW_TASK_SCHEDULED', { workflowTaskScheduledEventAttributes: { taskQueue: queue, attempt: 1 } }),
    at(3, 'WORKFLOW_TASK_STARTED', { workflowTaskStartedEventAttributes: { scheduledEventId: '2' } }),
    at(4, 'WORKFLOW_TASK_COMPLETED', {
      workflowTaskCompletedEventAttributes: { scheduledEventId: '2', startedEventId: '3' },
    }),
    at(5, 'WORKFLOW_EXECUTION_COMPLETED', {
      workflowExecutionCompletedEventAttributes: { workflowTaskCompletedEventId: '4' },
    }),
  ],
};
async function cost(preloadModules) {
  const workflowBundle = await bundleWorkflowCode({ workflowsPath: `${__dirname}/workflows.js`, preloadModules, logger });
  const times = [];
  for (let round = 0; round < 3; round += 1) {
    const from = process.cpuUsage();
    await Worker.runReplayHistory({ workflowBundle }, history);
    const { user, system } = process.cpuUsage(from);
    times.push((user + system) / 1000);
  }
  return Math.min(...times);
}
(async () => {
  const ten = await cost([]);
  const none = await cost([`${__dirname}/none.js`]);
  console.log(`400 waits ten functions deep: ${ten.toFixed(0)} ms of CPU with ten frames, ${none.toFixed(0)} ms with none`);
  process.exit(ten > 2 * none ? 0 : 1);
})();
JS
node show.js
