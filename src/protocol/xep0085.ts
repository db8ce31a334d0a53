/** XEP-0085: Chat State Notifications, version 2.1 */
import { member } from '../codec/definition.ts'
import { named } from '../codec/fields.ts'
import { CHAT_STATES } from './namespaces.ts'

const chatStates = ['active', 'composing', 'gone', 'inactive', 'paused'] as const

export const chatState = member('chatState', ['message'], named(chatStates, CHAT_STATES))
