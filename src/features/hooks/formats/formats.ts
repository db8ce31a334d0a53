import type { HookFormat } from '../../../gateway/ports/hook.ts'
import type { Format } from '../told.ts'
import { alertmanager, grafana } from './alerts.ts'
import { github } from './github.ts'
import { anyJson, plainText, slack } from './plain.ts'

export const formats: Readonly<Record<HookFormat, Format>> = { text: plainText, json: anyJson, slack, alertmanager, grafana, github }
