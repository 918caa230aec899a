// The life of a v2 endpoint through the TypeScript SDK, printed as JSON: node_v2.cjs PART.

const Together = require('together-ai');

const SMALL = 'Qwen/Qwen2.5-7B-Instruct-Turbo';
const MESSAGES = [{ role: 'user', content: 'Hello!' }];
const PACE = { periodSeconds: 60, type: 'SCALING_POLICY_TYPE_PODS', value: 2 };
const METRIC = { name: 'ttft', target: 500, type: 'METRIC_TARGET_TYPE_VALUE', percentile: 'p95' };
// Every field that autoscaling has.
const AUTOSCALING = {
  minReplicas: 2,
  maxReplicas: 4,
  scaleUpWindow: '30s',
  scaleDownWindow: '120s',
  scaleToZeroWindow: '900s',
  scaleUp: { policies: [PACE], selectPolicy: 'SCALING_POLICY_SELECT_MAX' },
  scaleDown: { policies: [PACE], selectPolicy: 'SCALING_POLICY_SELECT_MIN' },
  scalingMetrics: [METRIC],
};
// TOGETHER_API_KEY, TOGETHER_BASE_URL and TOGETHER_PROJECT_ID configure it, as users do. With a base
// URL of one's own its v2 calls go there too, and not to the /v2 that they default to.
const client = new Together({ maxRetries: 0 });
const { endpoints, models } = client.beta;
const { deployments } = endpoints;
const STOPPED = { minReplicas: 0, maxReplicas: 0 };

async function refused(call) {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof Together.APIError)) throw error;
    return [error.constructor.name, error.status, error.error.error.message];
  }
  return ['nothing'];
}

async function every(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

async function profile() {
  const { data } = await models.listSupported({ search: SMALL });
  return data[0].deploymentProfiles[0];
}

function ask(model, fields) {
  return client.chat.completions.create({ model, messages: MESSAGES, ...fields });
}

function bounds({ minReplicas, maxReplicas }) {
  return [minReplicas, maxReplicas];
}

async function created(walk) {
  const { model, config } = await profile();
  const made = (walk.endpoint = await endpoints.create({ name: 'chat' }));
  const fields = { name: 'main', model, config, autoscaling: { minReplicas: 1 } };
  const checked = await deployments.create(made.id, { ...fields, validateOnly: true });
  const kept = await every(deployments.list(made.id));
  const deployment = (walk.deployment = await deployments.create(made.id, fields));
  walk.ids = { endpointId: made.id };
  return {
    endpoint: [made.name, made.endpointType, made.visibility, made.trafficSplit],
    duplicate: await refused(() => endpoints.create({ name: 'chat' })),
    checked: [checked.name, checked.status.state, kept],
    deployment: [deployment.name, deployment.status.state, ...bounds(deployment.autoscaling)],
  };
}

const read = (walk) => deployments.retrieve(walk.deployment.id, walk.ids);
const changed = (walk, fields) =>
  deployments.update(walk.deployment.id, { ...walk.ids, ...fields });

async function until(walk, wanted) {
  const states = [];
  while (states.at(-1) !== wanted) {
    const state = (await read(walk)).status.state.replace('DEPLOYMENT_STATE_', '');
    if (state !== states.at(-1)) states.push(state);
  }
  return states;
}

async function routed({ endpoint, deployment }) {
  const before = await refused(() => ask(endpoint.name));
  const change = {
    trafficSplit: [{ deploymentId: deployment.id, weight: 1 }],
    updateMask: 'trafficSplit',
    etag: endpoint.etag,
  };
  const told = await endpoints.update(endpoint.id, change);
  const [entry] = told.trafficSplit;
  const [summary] = told.deployments;
  return {
    before,
    split: [entry.deploymentId === deployment.id, entry.weight],
    summary: [summary.state, summary.readyReplicas, summary.hardware],
    share: summary.estimatedEffectiveTrafficShare,
    etag: told.etag !== endpoint.etag,
    stale: await refused(() => endpoints.update(endpoint.id, change)),
  };
}

async function asked({ endpoint, deployment }) {
  const whole = await ask(endpoint.name);
  const direct = await ask(deployment.name);
  const chunks = await every(await ask(endpoint.name, { stream: true }));
  const streamed = chunks.map((chunk) => chunk.choices[0].delta.content ?? '').join('');
  return {
    models: [whole.model, direct.model, chunks[0].model],
    streamed: streamed === whole.choices[0].message.content,
  };
}

async function removed(walk) {
  const { endpoint, deployment, ids } = walk;
  const remove = (etag) => deployments.delete(deployment.id, { ...ids, etag });
  const seen = { 'in split': await refused(() => remove()) };
  await endpoints.update(endpoint.id, { trafficSplit: [], updateMask: 'trafficSplit' });
  seen.running = await refused(() => remove());
  seen.endpoint = await refused(() => endpoints.delete(endpoint.id));
  const stopped = await changed(walk, { autoscaling: STOPPED });
  seen.stale = await refused(() => remove(deployment.etag));
  seen.deleted = await remove(stopped.etag);
  seen.emptied = await endpoints.delete(endpoint.id);
  const [name, status, message] = await refused(() => endpoints.retrieve(endpoint.id));
  return { ...seen, gone: [name, status, message.replace(endpoint.id, 'ENDPOINT')] };
}

async function life() {
  const walk = {};
  const seen = { created: await created(walk), started: await until(walk, 'READY') };
  seen.routed = await routed(walk);
  seen.asked = await asked(walk);
  const limits = { inactiveTimeout: 60, maxConcurrentRequestsPerReplica: '64' };
  const scaled = await changed(walk, { autoscaling: AUTOSCALING, ...limits });
  seen.scaled = {
    autoscaling: scaled.autoscaling,
    limits: [scaled.inactiveTimeout, scaled.maxConcurrentRequestsPerReplica],
  };
  seen.grown = [await until(walk, 'READY'), (await read(walk)).status.readyReplicas];
  const merged = { autoscaling: { minReplicas: 1 }, updateMask: 'autoscaling' };
  seen.merged = bounds((await changed(walk, merged)).autoscaling);
  await changed(walk, { autoscaling: STOPPED });
  seen.stopped = await until(walk, 'STOPPED');
  seen.unready = await refused(() => ask(walk.endpoint.name));
  await changed(walk, { autoscaling: { minReplicas: 1, maxReplicas: 1 } });
  seen.restarted = await until(walk, 'READY');
  seen.removed = await removed(walk);
  return seen;
}

async function lists() {
  const bare = async (pages) => (await every(pages)).map((row) => row.name.split('/').at(-1));
  const { model, config } = await profile();
  const [, owner, , id] = model.split('/');
  const identity = await client.whoami();
  const configs = await every(models.configs.list({ referenceModelId: id }));
  const hardware = (await endpoints.hardware.list()).data;
  const [newest] = (await endpoints.list()).data;
  const types = ['endpoint.created', 'endpoint.updated'];
  const events = await every(endpoints.listEvents(newest.id, { types }));
  return {
    project: identity.project_id === client.projectID,
    endpoints: await bare(endpoints.list({ limit: 2 })),
    filtered: await bare(endpoints.list({ filter: 'name="chat-2"' })),
    ordered: await bare(endpoints.list({ orderBy: 'created_at asc' })),
    shared: await bare(endpoints.listOrgScoped(identity.organization_id)),
    models: (await every(models.listSupported({ limit: 40 }))).length > 80,
    base: (await models.retrieve(id, { projectId: owner })).name,
    config: configs.map((row) => row.id === config.split('/').at(-1)),
    price: hardware.find((row) => row.name === '1xnvidia-h100-80gb').priceCentsPerHour,
    placement: (await every(endpoints.placementProfiles.list()))[0].name,
    events: events.map((event) => event.type),
  };
}

async function own() {
  const base = (await profile()).model.split('/')[3];
  const made = await models.create({ name: 'mine', type: 'model', baseModelId: base });
  const remoteUrl = 'https://huggingface.co/org/repo';
  const job = await models.remoteUploads.create({ modelId: made.id, remoteUrl });
  await passTime(5);
  const ended = await models.remoteUploads.retrieve(job.id);
  const events = await models.remoteUploads.events(job.id);
  const [revision] = (await models.listRevisions(made.id)).data;
  const files = await models.listFiles(made.id);
  const renamed = await models.update(made.id, { name: 'ours', updateMask: 'name' });
  const listed = await every(models.list());
  return {
    made: [made.name, made.baseModelId === base],
    upload: [job.status, ended.status, events.data.length > 1],
    revision: [revision.validationStatus, files.revisionId === revision.revisionId],
    config: files.data.some((file) => file.path === 'config.json'),
    renamed: renamed.name,
    listed: listed.map((row) => row.name),
    deleted: await models.delete(made.id),
  };
}

async function passTime(by) {
  const root = process.env.TOGETHER_BASE_URL.replace(/\/v1$/, '');
  const headers = {
    authorization: `Bearer ${process.env.TOGETHER_API_KEY}`,
    'content-type': 'application/json',
  };
  const body = JSON.stringify({ by });
  await fetch(`${root}/_mock/clock/advance`, { method: 'POST', headers, body });
}

async function refusals() {
  const stranger = new Together({ apiKey: 'unlisted', maxRetries: 0 });
  const { id } = await endpoints.create({ name: 'chat' });
  return {
    key: await refused(() => stranger.beta.endpoints.list()),
    endpoint: await refused(() => endpoints.retrieve('ep_x')),
    slug: await refused(() => endpoints.create({ name: 'somebody/chat' })),
    field: await refused(() => endpoints.create({ name: 'other', colour: 'red' })),
    empty: await refused(() => endpoints.update(id, { trafficSplit: [] })),
  };
}

const told = { life, lists, own, refusals }[process.argv[2]]();
told.then((seen) => console.log(JSON.stringify(seen)));
