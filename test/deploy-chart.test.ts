import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse, parseAllDocuments } from 'yaml'
import { readConfig } from '../src/config/config.ts'
import { variableNames } from '../src/config/variables.ts'
import { startGateway } from './support/gateway.ts'
import { helm } from './support/helm.ts'
import { temporaryFolder } from './support/processes.ts'
import { startRedis } from './support/redis.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const chart = join(root, 'deploy/helm')

/** Everything on. */
const full = {
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
  prometheusRule: { enabled: true },
  dashboard: { enabled: true, annotations: { folder: 'chat' } },
  autoscaling: { enabled: true },
  xmppCa: { configMap: 'ca' },
  config: {
    LOG_LEVEL: 'warn',
    REDIS_WAIT_REPLICAS: '1',
    ALLOWED_ORIGINS: 'https://app.example',
    BODY_LIMIT: '2MiB',
    MAX_CONNECTIONS: '5000',
    STANZA_LIMIT: '512KiB',
    UPLOAD_LIMIT: '100MiB',
    XMPP_PORTS: '5222, 5223',
    XMPP_PRIVATE_HOSTS: 'xmpp.internal',
    XMPP_PLAINTEXT_HOSTS: 'localhost',
    XMPP_PLAIN: 'opt-in',
    EVENT_LOG_MAX: '50000',
    EVENT_LOG_BYTES: '32MiB',
    EVENT_LOG_AGE: '3d',
    SLOW_READER_SECONDS: '1.5',
    WEBHOOK_PRIVATE_HOSTS: 'hooks.internal',
    RATE_LIMIT_SEND: '100/1s',
    RATE_LIMIT_READ: '600/1m',
    RATE_LIMIT_OPEN: '10/1m',
    MAX_SESSIONS: '1000',
    JWT_ISSUER: 'https://issuer.example/',
    JWT_JWKS_URL: 'https://issuer.example/jwks.json',
    JWT_AUDIENCE: 'stanzagate',
    OTEL_SDK_DISABLED: 'false',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    OTEL_SERVICE_NAME: 'chat',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.01',
  },
  imagePullSecrets: [{ name: 'registry' }],
  networkPolicy: {
    from: [{ podSelector: {} }],
    redis: { to: [{ podSelector: { matchLabels: { app: 'redis' } } }], ports: [6379, 26379] },
    extraEgress: [{ to: [{ ipBlock: { cidr: '10.1.2.3/32' } }], ports: [{ port: 5222, protocol: 'TCP' }] }],
  },
  podAnnotations: { note: 'x' },
  podLabels: { team: 'chat' },
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'chat', operator: 'Exists' }],
  affinity: { nodeAffinity: {} },
  priorityClassName: 'high',
  extraEnv: [{ name: 'NODE_OPTIONS', value: '--max-old-space-size=768' }],
  resources: { limits: { memory: '2Gi' } },
  extraVolumes: [{ name: 'redis-ca', secret: { secretName: 'redis-ca' } }],
  extraVolumeMounts: [{ name: 'redis-ca', mountPath: '/etc/redis-ca', readOnly: true }],
}
/** of the environment: never a person's to set in a pod */
const unset = ['DEVELOPMENT_KEY', 'NODE_TLS_REJECT_UNAUTHORIZED']

// biome-ignore lint/suspicious/noExplicitAny: Kubernetes objects; the compiler checks them below
type Manifest = any

function render(values: object): Manifest[] {
  const folder = temporaryFolder('values')
  try {
    const file = join(folder, 'values.yaml')
    writeFileSync(file, JSON.stringify(values))
    const documents = parseAllDocuments(helm('template', 'gate', chart, '--values', file))
    return documents.map((document) => document.toJS()).filter((manifest) => manifest !== null)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
const ofKind = (manifests: Manifest[], kind: string) => manifests.find((manifest) => manifest.kind === kind)
const containerOf = (manifests: Manifest[]) => ofKind(manifests, 'Deployment').spec.template.spec.containers[0]

describe('the Helm chart', () => {
  let usual: Manifest[]
  let everything: Manifest[]
  before(() => {
    usual = render({})
    everything = render(full)
  })

  it('passes helm lint', () => {
    assert.match(helm('lint', '--strict', chart), / 0 chart\(s\) failed/)
  })

  it('has the objects that it should, and those of operators only where they are wanted', () => {
    const always = ['Deployment', 'NetworkPolicy', 'PodDisruptionBudget', 'Service', 'ServiceAccount']
    assert.deepEqual(usual.map(({ kind }) => kind).toSorted(), always)
    assert.deepEqual(
      everything.map(({ kind }) => kind).toSorted(),
      [...always, 'ConfigMap', 'HorizontalPodAutoscaler', 'PrometheusRule', 'ServiceMonitor'].toSorted(),
    )
  })

  it('makes objects as the types of Kubernetes have them, with no member that they do not know', () => {
    const wrong = { ...usual[0], spec: { ...usual[0].spec, policyType: [] } }
    assert.match(compile([wrong]), /policyType/)
    assert.equal(compile([...usual, ...everything]), '')
  })

  it('refuses values that mean nothing', () => {
    for (const [values, member] of [
      [{ replicas: 3 }, /replicas/],
      [{ config: { LOGLEVEL: 'info' } }, /LOGLEVEL/],
      [{ config: { API_KEYS: 'x' } }, /API_KEYS/],
      [{ config: { STANZA_LIMIT: 'much' } }, /STANZA_LIMIT/],
      [{ preStopSeconds: 0 }, /preStopSeconds/],
      [{ existingSecret: '' }, /existingSecret/],
    ] as const) {
      assert.throws(
        () => render(values),
        (error: Error) => member.test((error as Error & { stderr: string }).stderr),
      )
    }
  })

  it('sets every variable of the configuration, no other, and to what it takes', () => {
    const { env } = containerOf(everything)
    const names = env.map(({ name }: { name: string }) => name).filter((name: string) => name !== 'NODE_OPTIONS')
    assert.deepEqual(names.toSorted(), variableNames.filter((name) => !unset.includes(name)).toSorted())
    const secret = {
      REDIS_URL: 'redis://redis:6379',
      CREDENTIALS_KEY: Buffer.alloc(32).toString('base64'),
      API_KEYS: `main=sgk_${'x'.repeat(32)}`,
      METRICS_TOKEN: 'x'.repeat(16),
      INSTANCE_ID: 'gate-stanzagate-7d9f-abcde',
      XMPP_CA_FILE: '',
    }
    const given = Object.fromEntries(env.map(({ name, value }: { name: string; value?: string }) => [name, value]))
    const config = readConfig({ env: { ...given, ...secret }, folder: '/nowhere' })
    assert.deepEqual([config.host, config.port, config.instance], ['0.0.0.0', 8080, secret.INSTANCE_ID])
    assert.deepEqual(config.xmpp.ports, [5222, 5223])
  })

  it('makes the heap from the memory limit, as Kubernetes writes it, and leaves room for what is no heap', () => {
    const MiB = 2 ** 20
    const limits: [memory: unknown, bytes: number][] = [
      ['1Gi', 2 ** 30],
      ['512Mi', 512 * MiB],
      ['1.5Gi', 1.5 * 2 ** 30],
      ['2G', 2e9],
      ['262144Ki', 256 * MiB],
      [1073741824, 2 ** 30],
      ['1e9', 1e9],
      ['1073741824000m', 2 ** 30],
    ]
    for (const [memory, bytes] of limits) {
      const { env } = containerOf(render({ resources: { limits: { memory } } }))
      const options = env.filter(({ name }: { name: string }) => name === 'NODE_OPTIONS')
      assert.equal(options.length, 1, String(memory))
      const [, old, semi] = /^--max-old-space-size=(\d+) --max-semi-space-size=(\d+)$/.exec(options[0].value) ?? []
      const heap = (Number(old) + 3 * Number(semi)) * MiB
      assert.ok(heap > bytes * 0.69 - MiB && heap <= bytes * 0.7 && Number(old) > Number(semi) * 3, `${memory}: ${options[0].value}`)
      // node takes it, and the gateway goes by it
      assert.equal(
        readConfig({ env: { API_KEYS: `main=sgk_${'x'.repeat(32)}`, NODE_OPTIONS: options[0].value }, folder: '/nowhere' }).oldSpace,
        Number(old) * MiB,
      )
    }
    const [{ value }] = containerOf(usual).env.filter(({ name }: { name: string }) => name === 'NODE_OPTIONS')
    const limit = "process.stdout.write(String(require('node:v8').getHeapStatistics().heap_size_limit / 2 ** 20))"
    const { stdout } = spawnSync(process.execPath, ['-e', limit], { env: { ...process.env, NODE_OPTIONS: value }, encoding: 'utf8' })
    assert.equal(stdout, '716')
  })

  it('leaves the heap to whoever says its size, adds to other options, and refuses a limit that is none', () => {
    const optionsOf = (values: object) =>
      containerOf(render(values))
        .env.filter(({ name }: { name: string }) => name === 'NODE_OPTIONS')
        .map(({ value, valueFrom }: { value?: string; valueFrom?: object }) => value ?? valueFrom)
    assert.deepEqual(optionsOf(full), ['--max-old-space-size=768'])
    const more = { name: 'NODE_OPTIONS', value: '--enable-source-maps' }
    assert.deepEqual(optionsOf({ extraEnv: [{ name: 'A', value: 'b' }, more] }), [
      '--max-old-space-size=620 --max-semi-space-size=32 --enable-source-maps',
    ])
    const valueFrom = { configMapKeyRef: { name: 'node', key: 'options' } }
    assert.deepEqual(optionsOf({ extraEnv: [{ name: 'NODE_OPTIONS', valueFrom }] }), [valueFrom])
    for (const resources of [null, { limits: null }, { limits: { cpu: 1, memory: null } }])
      assert.deepEqual(optionsOf({ resources }), [], JSON.stringify(resources))
    for (const memory of ['much', '1GB', '100Mi'])
      assert.throws(
        () => render({ resources: { limits: { memory } } }),
        (error: Error) => /resources\.limits\.memory/.test((error as Error & { stderr: string }).stderr),
        memory,
      )
  })

  it('has secrets by reference alone, and names each instance after its pod', () => {
    const secret = ['REDIS_URL', 'CREDENTIALS_KEY', 'API_KEYS', 'METRICS_TOKEN', 'OTEL_EXPORTER_OTLP_HEADERS']
    for (const [manifests, isMonitored] of [
      [usual, false],
      [everything, true],
    ] as const) {
      const env = new Map(containerOf(manifests).env.map((each: { name: string }) => [each.name, each]))
      for (const name of secret) {
        const { value, valueFrom } = env.get(name) as Manifest
        assert.equal(value, undefined)
        assert.deepEqual([valueFrom.secretKeyRef.name, valueFrom.secretKeyRef.key], ['stanzagate', name])
        const isOptional = name === 'OTEL_EXPORTER_OTLP_HEADERS' || (name === 'METRICS_TOKEN' && !isMonitored)
        assert.equal(valueFrom.secretKeyRef.optional === true, isOptional, name)
      }
      assert.equal((env.get('INSTANCE_ID') as Manifest).valueFrom.fieldRef.fieldPath, 'metadata.name')
    }
  })

  it('gives the graceful stop its 25 s after preStop', () => {
    const source = readFileSync(join(root, 'src/main.ts'), 'utf8')
    const bound = Number(/const STOP_WITHIN = ([\d_]+)/.exec(source)![1]!.replaceAll('_', '')) / 1000
    for (const preStopSeconds of [5, 60]) {
      const { spec } = ofKind(render({ preStopSeconds }), 'Deployment').spec.template
      assert.deepEqual(spec.containers[0].lifecycle.preStop.exec.command, ['sleep', String(preStopSeconds)])
      assert.ok(spec.terminationGracePeriodSeconds >= preStopSeconds + bound + 5)
    }
  })

  it('runs as nobody in particular, on a root that cannot be written', () => {
    const { securityContext, automountServiceAccountToken } = ofKind(usual, 'Deployment').spec.template.spec
    assert.deepEqual([securityContext.runAsNonRoot, automountServiceAccountToken], [true, false])
    assert.deepEqual(containerOf(usual).securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  })

  it('has the version of the package, and says where things are', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    assert.equal(parse(readFileSync(join(chart, 'Chart.yaml'), 'utf8')).appVersion, version)
    const notes = helm('install', 'gate', chart, '--dry-run=client')
    assert.match(notes, /rollout status deployment\/gate-stanzagate/)
  })

  it('asks for routes, labels and metrics that a running gateway has', async (t) => {
    const redis = await startRedis()
    t.after(() => redis.stop())
    const token = 'a-token-for-prometheus'
    const gateway = await startGateway({ redis, env: { METRICS_TOKEN: token } })
    t.after(gateway.kill)
    const { startupProbe, livenessProbe, readinessProbe } = containerOf(everything)
    for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe])
      assert.equal((await gateway.api('GET', httpGet.path, { key: null })).status, 200)

    const [endpoint] = ofKind(everything, 'ServiceMonitor').spec.endpoints
    const { status, text } = await gateway.api('GET', endpoint.path, { key: token })
    assert.equal(status, 200)
    const declared = new Set([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name, type]) => familyOf(name!, type!)))
    const rules = ofKind(everything, 'PrometheusRule').spec.groups.flatMap((group: Manifest) => group.rules)
    const [metric] = ofKind(everything, 'HorizontalPodAutoscaler').spec.metrics
    const ofRules = rules.flatMap(({ expr }: { expr: string }) => metricsOf(expr))
    const ofDashboard = queriesOf(dashboardOf(everything)).flatMap(metricsOf)
    assert.ok(ofRules.length >= rules.length && ofDashboard.length > 40)
    const named = [metric.pods.metric.name, ...ofRules, ...ofDashboard]
    assert.deepEqual(
      named.filter((name) => !declared.has(name)),
      [],
    )
  })

  it('has a dashboard whose panels have each a place and a query of their own', () => {
    const { panels, templating } = dashboardOf(everything)
    const ids = panels.map(({ id }: Manifest) => id)
    assert.equal(new Set(ids).size, ids.length)
    const taken = new Set<string>()
    for (const { title, type, gridPos, targets = [] } of panels) {
      assert.ok(gridPos.x + gridPos.w <= 24, title)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          assert.ok(!taken.has(`${x} ${y}`), title)
          taken.add(`${x} ${y}`)
        }
      assert.equal(targets.length > 0, type !== 'row', title)
      for (const { expr } of targets) assert.match(expr, /namespace=~"\$namespace", instance=~"\$instance"/, title)
    }
    assert.deepEqual(
      templating.list.map(({ name }: Manifest) => name),
      ['datasource', 'namespace', 'instance'],
    )
    const { labels, annotations } = ofKind(everything, 'ConfigMap').metadata
    assert.deepEqual([labels.grafana_dashboard, annotations.folder], ['1', 'chat'])
  })

  it('has each alert explained', () => {
    const page = readFileSync(join(root, 'docs/operations.md'), 'utf8')
    const rules = ofKind(everything, 'PrometheusRule').spec.groups.flatMap((group: Manifest) => group.rules)
    assert.deepEqual(
      [...page.matchAll(/^\| `(Stanzagate\w+)`/gm)].map(([, name]) => name).toSorted(),
      rules.map(({ alert }: { alert: string }) => alert).toSorted(),
    )
  })
})

const dashboardOf = (manifests: Manifest[]) => JSON.parse(ofKind(manifests, 'ConfigMap').data['stanzagate.json'])

/** of its panels and its variables */
const queriesOf = ({ panels, templating }: Manifest): string[] => [
  ...panels.flatMap(({ targets = [] }: Manifest) => targets.map(({ expr }: Manifest) => expr)),
  ...templating.list.flatMap(({ definition }: Manifest) => definition ?? []),
]

const familyOf = (name: string, type: string) => (type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name])

const metricsOf = (expr: string) => expr.match(/\b(?:stanzagate|http_server|nodejs|process)_\w+/g) ?? []

/** What the compiler says of objects written out as literals of their types; '' for nothing. */
function compile(manifests: Manifest[]): string {
  const folder = temporaryFolder('manifests')
  try {
    const lines = manifests.map(({ apiVersion, kind, ...rest }, index) => {
      const module = apiVersion.startsWith('monitoring.') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models'
      const type = `import('${module}/${apiVersion}/${kind}').I${kind}`
      return `export const object${index}: ${type} = ${JSON.stringify({ apiVersion, kind, ...rest })}`
    })
    writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'))
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'esnext', '--moduleResolution', 'bundler', '--types', '']
    const { stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/tsc'), [...options, 'manifests.ts'], {
      cwd: folder,
      encoding: 'utf8',
    })
    return stdout + stderr
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
