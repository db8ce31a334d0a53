/** XEP-0108: User Activity, version 1.3 */

import { choice } from '../codec/composed.ts'
import { define } from '../codec/definition.ts'
import { languages, named, one, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { elements } from '../codec/structures.ts'

const ACTIVITY = 'http://jabber.org/protocol/activity'

const specific = [
  'at_the_spa',
  'brushing_teeth',
  'buying_groceries',
  'cleaning',
  'coding',
  'commuting',
  'cooking',
  'cycling',
  'dancing',
  'day_off',
  'doing_maintenance',
  'doing_the_dishes',
  'doing_the_laundry',
  'driving',
  'fishing',
  'gaming',
  'gardening',
  'getting_a_haircut',
  'going_out',
  'hanging_out',
  'having_a_beer',
  'having_a_snack',
  'having_breakfast',
  'having_coffee',
  'having_dinner',
  'having_lunch',
  'having_tea',
  'hiding',
  'hiking',
  'in_a_car',
  'in_a_meeting',
  'in_real_life',
  'jogging',
  'on_a_bus',
  'on_a_plane',
  'on_a_train',
  'on_a_trip',
  'on_the_phone',
  'on_vacation',
  'on_video_phone',
  'other',
  'partying',
  'playing_sports',
  'praying',
  'reading',
  'rehearsing',
  'running',
  'running_an_errand',
  'scheduled_holiday',
  'shaving',
  'shopping',
  'skiing',
  'sleeping',
  'smoking',
  'socializing',
  'studying',
  'sunbathing',
  'swimming',
  'taking_a_bath',
  'taking_a_shower',
  'thinking',
  'walking',
  'walking_the_dog',
  'watching_a_movie',
  'watching_tv',
  'working_out',
  'writing',
] as const

const kind = (name: string) => payload('ActivityDetail', name, ACTIVITY, { specific: named(specific), elements: elements() })

const general = choice({
  doing_chores: kind('doing_chores'),
  drinking: kind('drinking'),
  eating: kind('eating'),
  exercising: kind('exercising'),
  grooming: kind('grooming'),
  having_appointment: kind('having_appointment'),
  inactive: kind('inactive'),
  relaxing: kind('relaxing'),
  talking: kind('talking'),
  traveling: kind('traveling'),
  undefined: kind('undefined'),
  working: kind('working'),
})

export const activity = define(
  'activity',
  ['message', 'item'],
  payload('Activity', 'activity', ACTIVITY, { general: one(general), text: text(), texts: languages('text') }),
)
