import { Option } from 'commander'
import type { PublicRoom, Room } from '../client/client.ts'
import { type AddCommand, everyItem, PROBLEM, TIMED_OUT } from './cli.ts'
import type { Column } from './output.ts'

const columns: Column<Room>[] = [
  ['ROOM', ({ room }) => room],
  ['NICK', ({ nick }) => nick],
  ['STATE', ({ state, reason, error }) => [state, reason ?? error?.code].filter(Boolean).join(': ')],
  ['SINCE', ({ since }) => since],
  ['OCCUPANTS', ({ occupants }) => occupants],
  ['SUBJECT', ({ subject }) => subject?.text],
]

const isOwn = (room: Room | PublicRoom): room is Room => 'state' in room

export const addRooms: AddCommand = (program, cli) => {
  const rooms = program
    .command('rooms')
    .description('list the rooms of a session; join or leave one')
    .action(async () => {
      const found = await everyItem<Room | PublicRoom>((after) => cli.client().rooms.list({ ...cli.session(), limit: 1000, ...after }))
      cli.table(found.filter(isOwn), columns)
    })

  rooms
    .command('join')
    .description('be in a room from now on; where there is none, it is made')
    .argument('<room>', 'JID of the room')
    .option('--nick <nick>', 'name in the room')
    .addOption(new Option('--timeout <seconds>', 'how long to wait').argParser(Number).default(10))
    .action(async (room: string, { nick, timeout }) => {
      const joined = await cli.client().rooms.join({ ...cli.session(), room, ...(nick && { nick }), wait: timeout })
      cli.result(joined, `${joined.room}  ${joined.nick}  ${joined.state}`)
      if (joined.state === 'joined') return
      const { code, detail } = { code: 'timed-out', detail: `It is ${joined.state}, and not joined within ${timeout} s`, ...joined.error }
      program.error(`${detail} (${code})`, { exitCode: joined.state === 'joining' ? TIMED_OUT : PROBLEM })
    })

  rooms
    .command('leave')
    .description('leave a room, and want to be in it no longer')
    .argument('<room>', 'JID of the room')
    .option('--status <text>', 'a last word that the others see')
    .action(async (room: string, { status }) => {
      await cli.client().rooms.leave({ ...cli.session(), room, ...(status && { status }) })
      cli.result({ room, left: true }, `${room} was left`)
    })
}
