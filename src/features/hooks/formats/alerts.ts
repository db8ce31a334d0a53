/** Groups of alerts as Prometheus' Alertmanager (webhook version 4) and Grafana send them: one message a group. */
import { invalidRequest } from '../../../errors/refusals.ts'
import type { Format, Told } from '../told.ts'
import { line, object, objects, text, type Value } from './values.ts'

/** alerts of a group that are named, the others are counted */
const NAMED = 20

/** labels that say what the group is called, not which of it */
const COMMON = ['alertname', 'grafana_folder', '__alert_rule_uid__']

export const alertmanager: Format = ({ json }) => toldOf(object(json), nameOf(object(json)))

export const grafana: Format = ({ json }) => {
  const body = object(json)
  return toldOf(body, nameOf(body) || line(body.title).replace(/^\[[^\]]*\]\s*/, ''))
}

function toldOf(body: Value, name: string): Told {
  const alerts = objects(body.alerts)
  if (alerts.length === 0) throw invalidRequest('body.alerts', 'must be alerts, at least one')
  const firing = alerts.filter((alert) => !isResolved(alert))
  const resolved = alerts.filter(isResolved)
  const head = firing.length > 0 ? 'FIRING' : 'RESOLVED'
  const counts = [firing.length > 0 && `${firing.length} firing`, resolved.length > 0 && `${resolved.length} resolved`].filter(Boolean)
  const named = [...firing, ...resolved]
    .slice(0, NAMED)
    .map((alert) => `- ${isResolved(alert) ? 'resolved' : 'firing'}: ${sayAlert(alert)}`)
  const others = alerts.length - named.length
  const left = Number(body.truncatedAlerts) || 0
  const lines = [`${head}: ${name || 'alerts'} (${counts.join(', ')})`, ...named]
  if (others + left > 0) lines.push(`- and ${others + left} more`)
  const url = line(body.externalURL, 500)
  if (url) lines.push(url)
  return {
    text: lines.join('\n'),
    repeats: {
      by: 'group',
      group: groupOf(body, name),
      state: alerts
        .map((alert) => `${keyOf(alert)} ${isResolved(alert)}`)
        .sort()
        .join('\n'),
    },
  }
}

const isResolved = ({ status }: Value) => text(status).toLowerCase() === 'resolved'

function sayAlert(alert: Value): string {
  const { summary, description, message } = object(alert.annotations)
  const labels = Object.entries(object(alert.labels))
    .filter(([name]) => !COMMON.includes(name))
    .map(([name, value]) => `${name}=${line(value, 100)}`)
  const words = line(summary) || line(description) || line(message)
  return [labels.join(', '), words].filter(Boolean).join(': ') || line(object(alert.labels).alertname) || 'an alert'
}

const nameOf = ({ commonLabels, groupLabels, alerts }: Value) =>
  line(object(commonLabels).alertname) || line(object(groupLabels).alertname) || line(object(objects(alerts)[0]?.labels).alertname)

const groupOf = (body: Value, name: string) => text(body.groupKey) || JSON.stringify([sorted(object(body.groupLabels)), name])

const keyOf = (alert: Value) => text(alert.fingerprint) || JSON.stringify(sorted(object(alert.labels)))

const sorted = (labels: Value) => Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1))
