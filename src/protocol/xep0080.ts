/** XEP-0080: User Location, version 1.10.0 */
import { define } from '../codec/definition.ts'
import { attribute, text } from '../codec/fields.ts'
import { payload } from '../codec/payload.ts'
import { decimal, string, timestamp, zone } from '../codec/scalars.ts'

const GEOLOC = 'http://jabber.org/protocol/geoloc'

export const location = define(
  'location',
  ['message', 'item'],
  payload('Location', 'geoloc', GEOLOC, {
    lang: attribute(string, 'xml:lang'),
    latitude: text(decimal(-90, 90), 'lat'),
    longitude: text(decimal(-180, 180), 'lon'),
    altitude: text(decimal(), 'alt'),
    altitudeAccuracy: text(decimal(), 'altaccuracy'),
    accuracy: text(decimal()),
    error: text(decimal()),
    bearing: text(decimal()),
    speed: text(decimal()),
    datum: text(),
    description: text(),
    text: text(),
    area: text(),
    building: text(),
    floor: text(),
    room: text(),
    street: text(),
    locality: text(),
    region: text(),
    regionCode: text(string, 'regioncode'),
    postalCode: text(string, 'postalcode'),
    country: text(),
    countryCode: text(string, 'countrycode'),
    timestamp: text(timestamp),
    zone: text(zone, 'tzo'),
    uri: text(),
  }),
)
