/** What GitHub's webhooks tell, in a line or two; an event that is not known by its name, action and sender. */
import { invalidRequest } from '../../../errors/refusals.ts'
import type { Format } from '../told.ts'
import { line, object, objects, text, type Value } from './values.ts'

/** commits of a push that are named */
const COMMITS = 5

export const github: Format = ({ json, headers }) => {
  const body = object(json)
  const event = headers['x-github-event'] ?? ''
  if (event === '') throw invalidRequest('headers.x-github-event', 'is required: it says what the body is')
  const repository = line(object(body.repository).full_name) || line(object(body.organization).login)
  const said = (events[event] ?? other(event))(body)
  const delivery = headers['x-github-delivery']
  return {
    text: `${repository ? `[${repository}] ` : ''}${said.filter(Boolean).join('\n')}`,
    ...(delivery && { repeats: { by: 'delivery', id: delivery } }),
  }
}

const who = ({ sender }: Value) => line(object(sender).login) || 'somebody'
const action = (body: Value) => text(body.action).replace(/_/g, ' ')
const titled = (thing: Value) => `#${text(thing.number)}: ${line(thing.title)}`

const events: Readonly<Record<string, (body: Value) => string[]>> = {
  ping: (body) => [`GitHub tells of this here: ${line(body.zen)}`],
  push(body) {
    const commits = objects(body.commits)
    const branch = text(body.ref).replace(/^refs\/(?:heads|tags)\//, '')
    const by = line(object(body.pusher).name) || who(body)
    if (body.deleted === true) return [`${by} removed ${branch}`]
    const count = `${commits.length} ${commits.length === 1 ? 'commit' : 'commits'}`
    const named = commits.slice(0, COMMITS).map(({ id, message }) => `- ${text(id).slice(0, 7)} ${line(message)}`)
    const more = commits.length > COMMITS ? [`- and ${commits.length - COMMITS} more`] : []
    return [`${by} ${body.forced === true ? 'force-pushed' : 'pushed'} ${count} to ${branch}`, ...named, ...more, line(body.compare, 500)]
  },
  pull_request(body) {
    const request = object(body.pull_request)
    const done = text(body.action) === 'closed' && request.merged === true ? 'merged' : action(body)
    return [`${who(body)} ${done} pull request ${titled(request)}`, line(request.html_url, 500)]
  },
  issues: (body) => [`${who(body)} ${action(body)} issue ${titled(object(body.issue))}`, line(object(body.issue).html_url, 500)],
  issue_comment(body) {
    const comment = object(body.comment)
    return [`${who(body)} commented on ${titled(object(body.issue))}: ${line(comment.body)}`, line(comment.html_url, 500)]
  },
  pull_request_review(body) {
    const review = object(body.review)
    const said = line(review.body)
    const state = text(review.state).replace(/_/g, ' ') || 'reviewed'
    return [`${who(body)} reviewed ${titled(object(body.pull_request))}: ${state}${said ? `, ${said}` : ''}`, line(review.html_url, 500)]
  },
  release(body) {
    const release = object(body.release)
    return [`${who(body)} ${action(body)} release ${line(release.name) || line(release.tag_name)}`, line(release.html_url, 500)]
  },
  workflow_run(body) {
    const run = object(body.workflow_run)
    const state = text(run.conclusion).replace(/_/g, ' ') || text(run.status).replace(/_/g, ' ')
    return [`Workflow ${line(run.name)} on ${line(run.head_branch)}: ${state}`, line(run.html_url, 500)]
  },
  create: (body) => [`${who(body)} created ${text(body.ref_type)} ${line(body.ref)}`],
  delete: (body) => [`${who(body)} removed ${text(body.ref_type)} ${line(body.ref)}`],
}

const other = (event: string) => (body: Value) => [[event.replace(/_/g, ' '), action(body), `by ${who(body)}`].filter(Boolean).join(' ')]
