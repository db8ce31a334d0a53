/** Written by `npm run client` from openapi.yaml: not for hands. */

export type LastActivity = Leftovers & {
  seconds?: number
  status?: string
}
/**
 * What has no member of its own, as it is: elements, and text between them
 */
export type Extensions = (Extension | string)[]
export type Addresses = Leftovers & {
  items?: Address[]
}
export type Address = Leftovers & {
  type?: 'bcc' | 'cc' | 'noreply' | 'replyroom' | 'replyto' | 'to' | 'ofrom'
  jid?: Jid
  uri?: string
  node?: string
  description?: string
  delivered?: boolean
  elements?: Extension[]
}
/**
 * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
 */
export type Jid = string
export type OobLink = Leftovers & {
  url?: string
  description?: string
}
/**
 * When a stanza was sent that came later
 */
export type Delay = Leftovers & {
  timestamp?: Timestamp
  from?: Jid
  reason?: string
}
/**
 * RFC 3339 in UTC (XEP-0082); null where what was received is not one
 */
export type Timestamp = string | null
export type Caps = Leftovers & {
  algorithm?: string
  node?: string
  value?: string
  ext?: string
}
export type VcardUpdate = Leftovers & {
  photo?: string
}
export type Hat = Leftovers & {
  uri?: string
  title?: string
  hue?: number
  lang?: string
  elements?: Extension[]
}
export type Idle = Leftovers & {
  since?: Timestamp
}
export type Caps2 = Leftovers & {
  hashes?: Hash[]
}
export type Hash = Leftovers & {
  algorithm?: string
  value?: string
}
export type MucJoin = Leftovers & {
  type: 'join'
  password?: string
  history?: MucHistory
}
export type MucHistory = Leftovers & {
  maxCharacters?: number
  maxStanzas?: number
  seconds?: number
  since?: Timestamp
}
export type MucInfo = Leftovers & {
  type: 'info'
  affiliation?: 'owner' | 'admin' | 'member' | 'outcast' | 'none'
  role?: 'moderator' | 'participant' | 'visitor' | 'none'
  jid?: Jid
  nick?: string
  actor?: MucActor
  reason?: string
  continue?: MucContinue
  statusCodes?: number[]
  invites?: MucInvite[]
  decline?: MucDecline
  destroy?: MucDestroyed
  password?: string
}
export type MucActor = Leftovers & {
  jid?: Jid
  nick?: string
}
export type MucContinue = Leftovers & {
  thread?: string
}
export type MucInvite = Leftovers & {
  to?: Jid
  from?: Jid
  reason?: string
  continue?: MucContinue
}
export type MucDecline = Leftovers & {
  to?: Jid
  from?: Jid
  reason?: string
}
export type MucDestroyed = Leftovers & {
  jid?: Jid
  password?: string
  reason?: string
}
export type NewMessage = Leftovers & {
  to: Jid
  /**
   * The caller's own id, unique within 24 hours
   */
  id?: string
  lang?: string
  type?: 'chat' | 'error' | 'groupchat' | 'headline' | 'normal'
  archived?: ArchiveResult
  discoItems?: DiscoItems
  form?: Form
  body?: string
  bodies?: TextsByLanguage
  subject?: string
  subjects?: TextsByLanguage
  thread?: string
  parentThread?: string
  addresses?: Addresses
  oob?: OobLink
  /**
   * XHTML-IM: the inside of the body, sanitised to the profile of XEP-0071
   */
  html?: string
  htmls?: {
    /**
     * XHTML-IM: the inside of the body, sanitised to the profile of XEP-0071
     */
    [k: string]: string
  }
  chatState?: 'active' | 'composing' | 'gone' | 'inactive' | 'paused'
  nick?: string
  receipt?: ReceiptRequest | ReceiptReceived
  delay?: Delay
  attention?: true
  carbon?: CarbonSent | CarbonReceived
  private?: true
  forwarded?: Forwarded
  replace?: string
  marker?: MarkerMarkable | MarkerReceived | MarkerDisplayed | MarkerAcknowledged
  hints?: ('no-permanent-store' | 'no-store' | 'no-copy' | 'store')[]
  originId?: string
  stanzaIds?: StanzaId[]
  referencedStanza?: ReferencedStanza
  attachTo?: string
  references?: Reference[]
  openpgp?: string
  encryption?: Encryption
  spoiler?: string
  spoilers?: TextsByLanguage
  unstyled?: true
  markup?: Markup
  occupantId?: string
  retract?: Retraction
  retracted?: Retracted
  fallback?: Fallback[]
  reactions?: Reactions
  fileMetadata?: FileMetadata
  fileSharing?: FileSharing[]
  fileSources?: FileSources[]
  reply?: Reply
  displayed?: Displayed
  location?: Location
  mood?: Mood
  activity?: Activity
  tune?: Tune
  hats?: Hat[]
  pubsubNotice?: Pubsub
  pubsubOwner?: PubsubOwner
  pubsub?: PubsubEvent
  headers?: Headers
  muc?: MucJoin | MucInfo
  invite?: Invite
  error?: StanzaError
  /**
   * Only where the stanza is not in jabber:client; such a stanza is never sent
   */
  xmlns?: string
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  from?: string
  file?: FileLink
  /**
   * Seconds after which it is not sent any more
   */
  expiresIn?: number
}
export type ArchiveResult = Leftovers & {
  queryId?: string
  id?: string
  forwarded?: Forwarded
}
export type Forwarded = Leftovers & {
  delay?: Delay
  message?: Message
  presence?: Presence
  iq?: Iq
}
export type Message = Leftovers & {
  to?: Jid
  from?: Jid
  id?: string
  lang?: string
  type?: 'chat' | 'error' | 'groupchat' | 'headline' | 'normal'
  archived?: ArchiveResult
  discoItems?: DiscoItems
  form?: Form
  body?: string
  bodies?: TextsByLanguage
  subject?: string
  subjects?: TextsByLanguage
  thread?: string
  parentThread?: string
  addresses?: Addresses
  oob?: OobLink
  /**
   * XHTML-IM: the inside of the body, sanitised to the profile of XEP-0071
   */
  html?: string
  htmls?: {
    /**
     * XHTML-IM: the inside of the body, sanitised to the profile of XEP-0071
     */
    [k: string]: string
  }
  chatState?: 'active' | 'composing' | 'gone' | 'inactive' | 'paused'
  nick?: string
  receipt?: ReceiptRequest | ReceiptReceived
  delay?: Delay
  attention?: true
  carbon?: CarbonSent | CarbonReceived
  private?: true
  forwarded?: Forwarded
  replace?: string
  marker?: MarkerMarkable | MarkerReceived | MarkerDisplayed | MarkerAcknowledged
  hints?: ('no-permanent-store' | 'no-store' | 'no-copy' | 'store')[]
  originId?: string
  stanzaIds?: StanzaId[]
  referencedStanza?: ReferencedStanza
  attachTo?: string
  references?: Reference[]
  openpgp?: string
  encryption?: Encryption
  spoiler?: string
  spoilers?: TextsByLanguage
  unstyled?: true
  markup?: Markup
  occupantId?: string
  retract?: Retraction
  retracted?: Retracted
  fallback?: Fallback[]
  reactions?: Reactions
  fileMetadata?: FileMetadata
  fileSharing?: FileSharing[]
  fileSources?: FileSources[]
  reply?: Reply
  displayed?: Displayed
  location?: Location
  mood?: Mood
  activity?: Activity
  tune?: Tune
  hats?: Hat[]
  pubsubNotice?: Pubsub
  pubsubOwner?: PubsubOwner
  pubsub?: PubsubEvent
  headers?: Headers
  muc?: MucJoin | MucInfo
  invite?: Invite
  error?: StanzaError
  /**
   * Only where the stanza is not in jabber:client; such a stanza is never sent
   */
  xmlns?: string
}
export type DiscoItems = Leftovers & {
  node?: string
  items?: DiscoItem[]
  paging?: ResultSet
}
export type DiscoItem = Leftovers & {
  jid: Jid
  node?: string
  name?: string
}
/**
 * A page of a longer list: what is wanted of it, or what was given
 */
export type ResultSet = Leftovers & {
  max?: number
  before?: string
  after?: string
  first?: string
  firstIndex?: number
  last?: string
  index?: number
  count?: number
}
export type Form = Leftovers & {
  type?: 'cancel' | 'form' | 'result' | 'submit'
  title?: string
  instructions?: string[]
  fields?: FormField[]
  reported?: FormReported
  items?: FormItem[]
  pages?: FormPage[]
}
export type FormField = Leftovers & {
  name?: string
  type?:
    | 'boolean'
    | 'fixed'
    | 'hidden'
    | 'jid-multi'
    | 'jid-single'
    | 'list-multi'
    | 'list-single'
    | 'text-multi'
    | 'text-private'
    | 'text-single'
  label?: string
  description?: string
  required?: true
  values?: string[]
  options?: FormOption[]
  validate?: FormValidation
  media?: FormMedia
  elements?: Extension[]
}
export type FormOption = Leftovers & {
  label?: string
  value?: string
}
export type FormValidation = Leftovers & {
  datatype?: string
  basic?: true
  open?: true
  range?: FormRange
  regex?: string
  listRange?: FormListRange
}
export type FormRange = Leftovers & {
  min?: string
  max?: string
}
export type FormListRange = Leftovers & {
  min?: number
  max?: number
}
export type FormMedia = Leftovers & {
  width?: number
  height?: number
  uris?: FormMediaUri[]
}
export type FormMediaUri = Leftovers & {
  type?: string
  uri?: string
}
export type FormReported = Leftovers & {
  fields?: FormField[]
}
export type FormItem = Leftovers & {
  fields?: FormField[]
}
export type FormPage = Leftovers & {
  label?: string
  texts?: string[]
  fields?: string[]
  reported?: true
  sections?: FormSection[]
}
export type FormSection = Leftovers & {
  label?: string
  texts?: string[]
  fields?: string[]
  reported?: true
  sections?: FormSection[]
}
export type ReceiptRequest = Leftovers & {
  type: 'request'
}
export type ReceiptReceived = Leftovers & {
  type: 'received'
  id?: string
}
export type CarbonSent = Leftovers & {
  type: 'sent'
  forwarded?: Forwarded
}
export type CarbonReceived = Leftovers & {
  type: 'received'
  forwarded?: Forwarded
}
export type MarkerMarkable = Leftovers & {
  type: 'markable'
}
export type MarkerReceived = Leftovers & {
  type: 'received'
  id?: string
  sender?: string
}
export type MarkerDisplayed = Leftovers & {
  type: 'displayed'
  id?: string
  sender?: string
}
export type MarkerAcknowledged = Leftovers & {
  type: 'acknowledged'
  id?: string
  sender?: string
}
export type StanzaId = Leftovers & {
  id: string
  by: Jid
}
export type ReferencedStanza = Leftovers & {
  id: string
  by?: Jid
}
export type Reference = Leftovers & {
  type?: string
  uri?: string
  anchor?: string
  begin?: number
  end?: number
  share?: MediaSharing
}
export type MediaSharing = Leftovers & {
  file?: JingleFile
  sources?: MediaSource[]
}
export type JingleFile = Leftovers & {
  name?: string
  mediaType?: string
  size?: number
  date?: Timestamp
  description?: string
  descriptions?: TextsByLanguage
  width?: number
  height?: number
  length?: number
  hashes?: Hash[]
  hashUsed?: string
  thumbnails?: Thumbnail[]
}
export type Thumbnail = Leftovers & {
  uri?: string
  mediaType?: string
  width?: number
  height?: number
}
export type MediaSource = Leftovers & {
  type?: string
  uri?: string
}
export type Encryption = Leftovers & {
  namespace: string
  name?: string
}
export type Markup = Leftovers & {
  spans?: MarkupSpan[]
  codeBlocks?: MarkupCode[]
  quotes?: MarkupQuote[]
  lists?: MarkupList[]
}
export type MarkupSpan = Leftovers & {
  start?: number
  end?: number
  styles?: ('emphasis' | 'code' | 'deleted' | 'strong')[]
}
export type MarkupCode = Leftovers & {
  start?: number
  end?: number
  language?: string
}
export type MarkupQuote = Leftovers & {
  start?: number
  end?: number
}
export type MarkupList = Leftovers & {
  start?: number
  end?: number
  ordered?: boolean
  items?: MarkupListItem[]
}
export type MarkupListItem = Leftovers & {
  start?: number
}
export type Retraction = Leftovers & {
  id: string
  moderated?: Moderated
  reason?: string
}
export type Moderated = Leftovers & {
  by?: Jid
  occupantId?: string
}
export type Retracted = Leftovers & {
  id?: string
  by?: Jid
  timestamp?: Timestamp
  moderated?: Moderated
  reason?: string
}
export type Fallback = Leftovers & {
  for?: string
  body?: FallbackBody[]
  subject?: FallbackSubject[]
}
export type FallbackBody = Leftovers & {
  start?: number
  end?: number
}
export type FallbackSubject = Leftovers & {
  start?: number
  end?: number
}
export type Reactions = Leftovers & {
  id: string
  reactions?: string[]
}
export type FileMetadata = Leftovers & {
  name?: string
  mediaType?: string
  size?: number
  date?: Timestamp
  description?: string
  descriptions?: TextsByLanguage
  width?: number
  height?: number
  length?: number
  hashes?: Hash[]
  hashUsed?: string
  thumbnails?: Thumbnail[]
}
export type FileSharing = Leftovers & {
  id?: string
  disposition?: 'inline' | 'attachment'
  file?: FileMetadata
  sources?: FileSharingSources
}
export type FileSharingSources = Leftovers & {
  id?: string
  urls?: UrlSource[]
  jingle?: JingleSource[]
  elements?: Extension[]
}
export type UrlSource = Leftovers & {
  target: string
  elements?: Extension[]
}
export type JingleSource = Leftovers & {
  from?: Jid
  id?: string
  elements?: Extension[]
}
export type FileSources = Leftovers & {
  id?: string
  urls?: UrlSource[]
  jingle?: JingleSource[]
  elements?: Extension[]
}
export type Reply = Leftovers & {
  id: string
  to?: Jid
}
export type Displayed = Leftovers & {
  stanzaId?: StanzaId
}
export type Location = Leftovers & {
  lang?: string
  latitude?: number
  longitude?: number
  altitude?: number
  altitudeAccuracy?: number
  accuracy?: number
  error?: number
  bearing?: number
  speed?: number
  datum?: string
  description?: string
  text?: string
  area?: string
  building?: string
  floor?: string
  room?: string
  street?: string
  locality?: string
  region?: string
  regionCode?: string
  postalCode?: string
  country?: string
  countryCode?: string
  timestamp?: Timestamp
  /**
   * offset from UTC: Z or ±hh:mm
   */
  zone?: string
  uri?: string
}
export type Mood = Leftovers & {
  value?:
    | 'afraid'
    | 'amazed'
    | 'angry'
    | 'amorous'
    | 'annoyed'
    | 'anxious'
    | 'aroused'
    | 'ashamed'
    | 'bored'
    | 'brave'
    | 'calm'
    | 'cautious'
    | 'cold'
    | 'confident'
    | 'confused'
    | 'contemplative'
    | 'contented'
    | 'cranky'
    | 'crazy'
    | 'creative'
    | 'curious'
    | 'dejected'
    | 'depressed'
    | 'disappointed'
    | 'disgusted'
    | 'dismayed'
    | 'distracted'
    | 'embarrassed'
    | 'envious'
    | 'excited'
    | 'flirtatious'
    | 'frustrated'
    | 'grumpy'
    | 'guilty'
    | 'happy'
    | 'hopeful'
    | 'hot'
    | 'humbled'
    | 'humiliated'
    | 'hungry'
    | 'hurt'
    | 'impressed'
    | 'in_awe'
    | 'in_love'
    | 'indignant'
    | 'interested'
    | 'intoxicated'
    | 'invincible'
    | 'jealous'
    | 'lonely'
    | 'lucky'
    | 'mean'
    | 'moody'
    | 'nervous'
    | 'neutral'
    | 'offended'
    | 'outraged'
    | 'playful'
    | 'proud'
    | 'relaxed'
    | 'relieved'
    | 'remorseful'
    | 'restless'
    | 'sad'
    | 'sarcastic'
    | 'serious'
    | 'shocked'
    | 'shy'
    | 'sick'
    | 'sleepy'
    | 'spontaneous'
    | 'stressed'
    | 'strong'
    | 'surprised'
    | 'thankful'
    | 'thirsty'
    | 'tired'
    | 'undefined'
    | 'weak'
    | 'worried'
  text?: string
  texts?: TextsByLanguage
}
export type Activity = Leftovers & {
  general?: ActivityDetail
  text?: string
  texts?: TextsByLanguage
}
export type ActivityDetail = Leftovers & {
  type:
    | 'doing_chores'
    | 'drinking'
    | 'eating'
    | 'exercising'
    | 'grooming'
    | 'having_appointment'
    | 'inactive'
    | 'relaxing'
    | 'talking'
    | 'traveling'
    | 'undefined'
    | 'working'
  specific?:
    | 'at_the_spa'
    | 'brushing_teeth'
    | 'buying_groceries'
    | 'cleaning'
    | 'coding'
    | 'commuting'
    | 'cooking'
    | 'cycling'
    | 'dancing'
    | 'day_off'
    | 'doing_maintenance'
    | 'doing_the_dishes'
    | 'doing_the_laundry'
    | 'driving'
    | 'fishing'
    | 'gaming'
    | 'gardening'
    | 'getting_a_haircut'
    | 'going_out'
    | 'hanging_out'
    | 'having_a_beer'
    | 'having_a_snack'
    | 'having_breakfast'
    | 'having_coffee'
    | 'having_dinner'
    | 'having_lunch'
    | 'having_tea'
    | 'hiding'
    | 'hiking'
    | 'in_a_car'
    | 'in_a_meeting'
    | 'in_real_life'
    | 'jogging'
    | 'on_a_bus'
    | 'on_a_plane'
    | 'on_a_train'
    | 'on_a_trip'
    | 'on_the_phone'
    | 'on_vacation'
    | 'on_video_phone'
    | 'other'
    | 'partying'
    | 'playing_sports'
    | 'praying'
    | 'reading'
    | 'rehearsing'
    | 'running'
    | 'running_an_errand'
    | 'scheduled_holiday'
    | 'shaving'
    | 'shopping'
    | 'skiing'
    | 'sleeping'
    | 'smoking'
    | 'socializing'
    | 'studying'
    | 'sunbathing'
    | 'swimming'
    | 'taking_a_bath'
    | 'taking_a_shower'
    | 'thinking'
    | 'walking'
    | 'walking_the_dog'
    | 'watching_a_movie'
    | 'watching_tv'
    | 'working_out'
    | 'writing'
  elements?: Extension[]
}
export type Tune = Leftovers & {
  artist?: string
  composer?: string
  date?: string
  genre?: string
  language?: string
  length?: number
  lyricist?: string
  performer?: string
  rating?: number
  source?: string
  title?: string
  track?: string
  uri?: string
}
export type Pubsub = Leftovers & {
  node?: string
  create?: PubsubCreate
  configure?: PubsubConfigure
  subscribe?: PubsubSubscribe
  unsubscribe?: PubsubUnsubscribe
  options?: PubsubOptions
  publish?: PubsubPublish
  publishOptions?: PubsubPublishOptions
  items?: PubsubItems
  retract?: PubsubRetract
  affiliation?: PubsubAffiliation
  affiliations?: PubsubAffiliations
  subscription?: PubsubSubscription
  subscriptions?: PubsubSubscriptions
  default?: PubsubDefault
  paging?: ResultSet
}
export type PubsubCreate = Leftovers & {
  node?: string
}
export type PubsubConfigure = Leftovers & {
  node?: string
  form?: Form
}
export type PubsubSubscribe = Leftovers & {
  node?: string
  jid?: Jid
}
export type PubsubUnsubscribe = Leftovers & {
  node?: string
  jid?: Jid
  subscriptionId?: string
}
export type PubsubOptions = Leftovers & {
  node?: string
  jid?: Jid
  subscriptionId?: string
  form?: Form
}
export type PubsubPublish = Leftovers & {
  node?: string
  items?: PubsubItem[]
}
export type PubsubItem = Leftovers & {
  id?: string
  publisher?: string
  content?: ItemContent
}
export type Bookmarks = Leftovers & {
  conferences?: BookmarkedConference[]
  urls?: BookmarkedUrl[]
}
export type BookmarkedConference = Leftovers & {
  jid?: Jid
  name?: string
  autojoin?: boolean
  nick?: string
  password?: string
}
export type BookmarkedUrl = Leftovers & {
  name?: string
  url?: string
}
export type AvatarMetadata = Leftovers & {
  versions?: AvatarInfo[]
  pointers?: AvatarPointer[]
}
export type AvatarInfo = Leftovers & {
  id?: string
  mediaType?: string
  bytes?: number
  width?: number
  height?: number
  url?: string
}
export type AvatarPointer = Leftovers & {
  id?: string
  mediaType?: string
  bytes?: number
  width?: number
  height?: number
  elements?: Extension[]
}
export type PushNotification = Leftovers & {
  form?: Form
  elements?: Extension[]
}
export type Bookmark = Leftovers & {
  name?: string
  autojoin?: boolean
  nick?: string
  password?: string
  elements?: Extension[]
}
export type Vcard = Leftovers & {
  version?: string
  versionAttribute?: string
  fullName?: string
  name?: VcardName
  nicknames?: string[]
  photo?: VcardImage
  birthday?: string
  addresses?: VcardAddress[]
  labels?: VcardLabel[]
  phoneNumbers?: VcardPhone[]
  emails?: VcardEmail[]
  jids?: string[]
  mailer?: string
  timeZone?: string
  geo?: VcardGeo
  titles?: string[]
  roles?: string[]
  logo?: VcardImage
  organizations?: VcardOrganization[]
  categories?: string[]
  notes?: string[]
  product?: string
  revision?: string
  sortString?: string
  sound?: VcardSound
  uid?: string
  urls?: string[]
  descriptions?: string[]
  class?: 'public' | 'private' | 'confidential'
  key?: VcardKey
  agent?: VcardAgent
}
export type VcardName = Leftovers & {
  family?: string
  given?: string
  middle?: string
  prefix?: string
  suffix?: string
}
export type VcardImage = Leftovers & {
  mediaType?: string
  data?: string
  uri?: string
}
export type VcardAddress = Leftovers & {
  types?: ('home' | 'work' | 'postal' | 'parcel' | 'dom' | 'intl' | 'pref')[]
  postOfficeBox?: string
  extended?: string
  street?: string
  locality?: string
  region?: string
  postalCode?: string
  country?: string
}
export type VcardLabel = Leftovers & {
  types?: ('home' | 'work' | 'postal' | 'parcel' | 'dom' | 'intl' | 'pref')[]
  lines?: string[]
}
export type VcardPhone = Leftovers & {
  types?: ('home' | 'work' | 'voice' | 'fax' | 'pager' | 'msg' | 'cell' | 'video' | 'bbs' | 'modem' | 'isdn' | 'pcs' | 'pref')[]
  number?: string
}
export type VcardEmail = Leftovers & {
  types?: ('home' | 'work' | 'internet' | 'pref' | 'x400')[]
  address?: string
}
export type VcardGeo = Leftovers & {
  latitude?: string
  longitude?: string
}
export type VcardOrganization = Leftovers & {
  name?: string
  units?: string[]
}
export type VcardSound = Leftovers & {
  phonetic?: string
  data?: string
  uri?: string
}
export type VcardKey = Leftovers & {
  type?: string
  credential?: string
}
export type VcardAgent = Leftovers & {
  uri?: string
  vcard?: Vcard
}
export type Vcard4 = Leftovers & {
  fullNames?: Vcard4Property[]
  names?: Vcard4Name[]
  nicknames?: Vcard4Property[]
  photos?: Vcard4Property[]
  birthdays?: Vcard4Property[]
  anniversaries?: Vcard4Property[]
  genders?: Vcard4Gender[]
  addresses?: Vcard4Address[]
  phoneNumbers?: Vcard4Property[]
  emails?: Vcard4Property[]
  impps?: Vcard4Property[]
  languages?: Vcard4Property[]
  timeZones?: Vcard4Property[]
  geo?: Vcard4Property[]
  titles?: Vcard4Property[]
  roles?: Vcard4Property[]
  logos?: Vcard4Property[]
  organizations?: Vcard4Property[]
  members?: Vcard4Property[]
  related?: Vcard4Property[]
  categories?: Vcard4Property[]
  notes?: Vcard4Property[]
  products?: Vcard4Property[]
  revisions?: Vcard4Property[]
  sounds?: Vcard4Property[]
  uids?: Vcard4Property[]
  clientPropertyIds?: Vcard4ClientPid[]
  urls?: Vcard4Property[]
  keys?: Vcard4Property[]
  busyUrls?: Vcard4Property[]
  calendarAddresses?: Vcard4Property[]
  calendars?: Vcard4Property[]
  kinds?: Vcard4Property[]
  sources?: Vcard4Property[]
  groups?: Vcard4Group[]
  elements?: Extension[]
}
export type Vcard4Property = Leftovers & {
  parameters?: Vcard4Parameters
  texts?: string[]
  uris?: string[]
  date?: string
  dateTime?: string
  time?: string
  timestamp?: string
  languageTag?: string
  utcOffset?: string
  boolean?: boolean
  integer?: string
  float?: string
}
export type Vcard4Parameters = Leftovers & {
  types?: string[]
  preference?: string
  preferences?: string[]
  language?: string[]
  altId?: string[]
  propertyIds?: string[]
  mediaType?: string[]
  calendarScale?: string[]
  sortAs?: string[]
  geo?: string[]
  timeZone?: string[]
  label?: string[]
}
export type Vcard4Name = Leftovers & {
  parameters?: Vcard4Parameters
  surnames?: string[]
  given?: string[]
  additional?: string[]
  prefixes?: string[]
  suffixes?: string[]
}
export type Vcard4Gender = Leftovers & {
  parameters?: Vcard4Parameters
  sex?: string
  sexes?: string[]
  identity?: string
}
export type Vcard4Address = Leftovers & {
  parameters?: Vcard4Parameters
  postOfficeBox?: string[]
  extended?: string[]
  street?: string[]
  locality?: string[]
  region?: string[]
  postalCode?: string[]
  country?: string[]
}
export type Vcard4ClientPid = Leftovers & {
  parameters?: Vcard4Parameters
  sourceId?: string
  uri?: string
}
export type Vcard4Group = Leftovers & {
  name?: string
  fullNames?: Vcard4Property[]
  names?: Vcard4Name[]
  nicknames?: Vcard4Property[]
  photos?: Vcard4Property[]
  birthdays?: Vcard4Property[]
  anniversaries?: Vcard4Property[]
  genders?: Vcard4Gender[]
  addresses?: Vcard4Address[]
  phoneNumbers?: Vcard4Property[]
  emails?: Vcard4Property[]
  impps?: Vcard4Property[]
  languages?: Vcard4Property[]
  timeZones?: Vcard4Property[]
  geo?: Vcard4Property[]
  titles?: Vcard4Property[]
  roles?: Vcard4Property[]
  logos?: Vcard4Property[]
  organizations?: Vcard4Property[]
  members?: Vcard4Property[]
  related?: Vcard4Property[]
  categories?: Vcard4Property[]
  notes?: Vcard4Property[]
  products?: Vcard4Property[]
  revisions?: Vcard4Property[]
  sounds?: Vcard4Property[]
  uids?: Vcard4Property[]
  clientPropertyIds?: Vcard4ClientPid[]
  urls?: Vcard4Property[]
  keys?: Vcard4Property[]
  busyUrls?: Vcard4Property[]
  calendarAddresses?: Vcard4Property[]
  calendars?: Vcard4Property[]
  kinds?: Vcard4Property[]
  sources?: Vcard4Property[]
  elements?: Extension[]
}
export type AtomEntry = Leftovers & {
  lang?: string
  id?: string
  title?: AtomText
  subtitle?: AtomText
  summary?: AtomText
  content?: AtomContent
  rights?: AtomText
  published?: Timestamp
  updated?: Timestamp
  authors?: AtomPerson[]
  contributors?: AtomPerson[]
  links?: AtomLink[]
  categories?: AtomCategory[]
  source?: AtomSource
  elements?: Extension[]
}
export type AtomText = Leftovers & {
  type?: string
  lang?: string
  text?: string
  elements?: Extension[]
}
export type AtomContent = Leftovers & {
  type?: string
  source?: string
  lang?: string
  text?: string
  elements?: Extension[]
}
export type AtomPerson = Leftovers & {
  name?: string
  uri?: string
  email?: string
}
export type AtomLink = Leftovers & {
  href?: string
  rel?: string
  type?: string
  hreflang?: string
  title?: string
  length?: string
}
export type AtomCategory = Leftovers & {
  term?: string
  scheme?: string
  label?: string
}
export type AtomSource = Leftovers & {
  id?: string
  title?: AtomText
  updated?: Timestamp
  links?: AtomLink[]
}
export type PubsubPublishOptions = Leftovers & {
  form?: Form
}
export type PubsubItems = Leftovers & {
  node?: string
  max?: number
  subscriptionId?: string
  items?: PubsubItem[]
}
export type PubsubRetract = Leftovers & {
  node?: string
  notify?: boolean
  items?: PubsubItem[]
}
export type PubsubAffiliation = Leftovers & {
  node?: string
  jid?: Jid
  affiliation?: 'member' | 'none' | 'outcast' | 'owner' | 'publisher' | 'publish-only'
}
export type PubsubAffiliations = Leftovers & {
  node?: string
  items?: PubsubAffiliation[]
}
export type PubsubSubscription = Leftovers & {
  node?: string
  jid?: Jid
  subscriptionId?: string
  state?: 'none' | 'pending' | 'subscribed' | 'unconfigured'
  expiry?: Timestamp
  options?: PubsubSubscribeOptions
}
export type PubsubSubscribeOptions = Leftovers & {
  required?: true
}
export type PubsubSubscriptions = Leftovers & {
  node?: string
  items?: PubsubSubscription[]
}
export type PubsubDefault = Leftovers & {
  node?: string
  type?: 'collection' | 'leaf'
  form?: Form
}
export type PubsubOwner = Leftovers & {
  configure?: PubsubOwnerConfigure
  default?: PubsubOwnerDefault
  delete?: PubsubOwnerDelete
  purge?: PubsubOwnerPurge
  affiliations?: PubsubOwnerAffiliations
  subscriptions?: PubsubOwnerSubscriptions
  paging?: ResultSet
}
export type PubsubOwnerConfigure = Leftovers & {
  node?: string
  form?: Form
}
export type PubsubOwnerDefault = Leftovers & {
  node?: string
  type?: 'collection' | 'leaf'
  form?: Form
}
export type PubsubOwnerDelete = Leftovers & {
  node?: string
  redirect?: string
}
export type PubsubOwnerPurge = Leftovers & {
  node?: string
}
export type PubsubOwnerAffiliations = Leftovers & {
  node?: string
  items?: PubsubOwnerAffiliation[]
}
export type PubsubOwnerAffiliation = Leftovers & {
  jid?: Jid
  affiliation?: 'member' | 'none' | 'outcast' | 'owner' | 'publisher' | 'publish-only'
}
export type PubsubOwnerSubscriptions = Leftovers & {
  node?: string
  items?: PubsubOwnerSubscription[]
}
export type PubsubOwnerSubscription = Leftovers & {
  jid?: Jid
  subscriptionId?: string
  state?: 'none' | 'pending' | 'subscribed' | 'unconfigured'
}
export type PubsubEvent = Leftovers & {
  items?: PubsubEventItems
  configuration?: PubsubEventConfiguration
  delete?: PubsubEventDelete
  purge?: PubsubEventPurge
  subscription?: PubsubEventSubscription
  collection?: PubsubEventCollection
}
export type PubsubEventItems = Leftovers & {
  node?: string
  items?: PubsubEventItem[]
  retracted?: string[]
}
export type PubsubEventItem = Leftovers & {
  id?: string
  node?: string
  publisher?: string
  content?: ItemContent
}
export type PubsubEventConfiguration = Leftovers & {
  node?: string
  form?: Form
}
export type PubsubEventDelete = Leftovers & {
  node?: string
  redirect?: string
}
export type PubsubEventPurge = Leftovers & {
  node?: string
}
export type PubsubEventSubscription = Leftovers & {
  node?: string
  jid?: Jid
  subscriptionId?: string
  state?: 'none' | 'pending' | 'subscribed' | 'unconfigured'
  expiry?: Timestamp
}
export type PubsubEventCollection = Leftovers & {
  node?: string
  associate?: string
  disassociate?: string
}
export type Headers = Leftovers & {
  items?: Header[]
}
export type Header = Leftovers & {
  name?: string
  value?: string
}
export type Invite = Leftovers & {
  jid: Jid
  password?: string
  reason?: string
  thread?: string
  continue?: boolean
}
/**
 * Why a stanza was refused (RFC 6120 section 8.3)
 */
export type StanzaError = Leftovers & {
  type?: 'auth' | 'cancel' | 'continue' | 'modify' | 'wait'
  condition?:
    | 'bad-request'
    | 'conflict'
    | 'feature-not-implemented'
    | 'forbidden'
    | 'gone'
    | 'internal-server-error'
    | 'item-not-found'
    | 'jid-malformed'
    | 'not-acceptable'
    | 'not-allowed'
    | 'not-authorized'
    | 'policy-violation'
    | 'recipient-unavailable'
    | 'redirect'
    | 'registration-required'
    | 'remote-server-not-found'
    | 'remote-server-timeout'
    | 'resource-constraint'
    | 'service-unavailable'
    | 'subscription-required'
    | 'undefined-condition'
    | 'unexpected-request'
    | 'payment-required'
  uri?: string
  text?: string
  lang?: string
  by?: Jid
  code?: number
  applicationCondition?: Extension
}
export type Presence = Leftovers & {
  to?: Jid
  from?: Jid
  id?: string
  lang?: string
  type?: 'error' | 'probe' | 'subscribe' | 'subscribed' | 'unavailable' | 'unsubscribe' | 'unsubscribed'
  lastActivity?: LastActivity
  addresses?: Addresses
  oob?: OobLink
  nick?: string
  delay?: Delay
  occupantId?: string
  show?: 'away' | 'chat' | 'dnd' | 'xa'
  status?: string
  statuses?: TextsByLanguage
  priority?: number
  caps?: Caps
  vcardUpdate?: VcardUpdate
  hats?: Hat[]
  idle?: Idle
  caps2?: Caps2
  muc?: MucJoin | MucInfo
  error?: StanzaError
  /**
   * Only where the stanza is not in jabber:client; such a stanza is never sent
   */
  xmlns?: string
}
export type Iq = Leftovers & {
  to?: Jid
  from?: Jid
  id?: string
  lang?: string
  type?: 'get' | 'set' | 'result' | 'error'
  payload?: Payload
  error?: StanzaError
  /**
   * Only where the stanza is not in jabber:client; such a stanza is never sent
   */
  xmlns?: string
}
export type ArchiveQuery = Leftovers & {
  queryId?: string
  node?: string
  form?: Form
  paging?: ResultSet
  flipPage?: true
}
export type ArchiveFin = Leftovers & {
  queryId?: string
  complete?: boolean
  stable?: boolean
  paging?: ResultSet
}
export type ArchiveMetadata = Leftovers & {
  start?: ArchiveStart
  end?: ArchiveEnd
}
export type ArchiveStart = Leftovers & {
  id?: string
  timestamp?: Timestamp
}
export type ArchiveEnd = Leftovers & {
  id?: string
  timestamp?: Timestamp
}
export type ArchivePreferences = Leftovers & {
  default?: 'always' | 'never' | 'roster'
  always?: Jid[]
  never?: Jid[]
}
export type Privacy = Leftovers & {
  active?: PrivacyActive
  default?: PrivacyDefault
  lists?: PrivacyList[]
}
export type PrivacyActive = Leftovers & {
  name?: string
}
export type PrivacyDefault = Leftovers & {
  name?: string
}
export type PrivacyList = Leftovers & {
  name?: string
  items?: PrivacyItem[]
}
export type PrivacyItem = Leftovers & {
  type?: 'group' | 'jid' | 'subscription'
  value?: string
  action?: 'allow' | 'deny'
  order?: number
  stanzas?: ('iq' | 'message' | 'presence-in' | 'presence-out')[]
}
export type Blocklist = Leftovers & {
  items?: BlockedItem[]
}
export type BlockedItem = Leftovers & {
  jid: Jid
  report?: Report
}
export type Report = Leftovers & {
  reason: 'abuse' | 'spam'
  text?: string
  texts?: TextsByLanguage
}
export type Block = Leftovers & {
  items?: BlockedItem[]
}
export type Unblock = Leftovers & {
  items?: BlockedItem[]
}
export type Command = Leftovers & {
  node?: string
  sessionId?: string
  action?: 'cancel' | 'complete' | 'execute' | 'next' | 'prev'
  status?: 'canceled' | 'completed' | 'executing'
  lang?: string
  actions?: CommandActions
  notes?: CommandNote[]
  form?: Form
  elements?: Extension[]
}
export type CommandActions = Leftovers & {
  execute?: 'prev' | 'next' | 'complete'
  allowed?: ('prev' | 'next' | 'complete')[]
}
export type CommandNote = Leftovers & {
  type?: 'error' | 'info' | 'warn'
  text?: string
}
export type DiscoInfo = Leftovers & {
  node?: string
  identities?: DiscoIdentity[]
  features?: string[]
  forms?: Form[]
}
export type DiscoIdentity = Leftovers & {
  category: string
  type: string
  name?: string
  lang?: string
}
export type ExternalServices = Leftovers & {
  type?: string
  services?: ExternalService[]
}
export type ExternalService = Leftovers & {
  type?: string
  host?: string
  port?: number
  transport?: string
  name?: string
  username?: string
  password?: string
  restricted?: boolean
  expires?: Timestamp
  action?: 'add' | 'delete' | 'modify'
  form?: Form
}
export type ExternalCredentials = Leftovers & {
  services?: ExternalService[]
}
export type Bind = Leftovers & {
  resource?: string
  jid?: Jid
}
export type SessionRequest = Leftovers & {
  optional?: true
}
export type SoftwareVersion = Leftovers & {
  name?: string
  version?: string
  os?: string
}
export type Ping = Leftovers & {}
export type EntityTime = Leftovers & {
  /**
   * offset from UTC: Z or ±hh:mm
   */
  zone?: string
  utc?: Timestamp
}
export type OobOffer = Leftovers & {
  url?: string
  description?: string
  id?: string
}
export type CarbonsEnable = Leftovers & {
  type: 'enable'
}
export type CarbonsDisable = Leftovers & {
  type: 'disable'
}
export type Moderate = Leftovers & {
  id: string
  retract?: true
  reason?: string
}
export type PrivateStorage = Leftovers & {
  content?: ItemContent
}
export type PushEnable = Leftovers & {
  jid?: Jid
  node?: string
  form?: Form
}
export type PushDisable = Leftovers & {
  jid?: Jid
  node?: string
}
export type Search = Leftovers & {
  instructions?: string
  first?: string
  last?: string
  nick?: string
  email?: string
  items?: SearchItem[]
  form?: Form
  paging?: ResultSet
}
export type SearchItem = Leftovers & {
  jid?: Jid
  first?: string
  last?: string
  nick?: string
  email?: string
}
export type Register = Leftovers & {
  registered?: true
  remove?: true
  instructions?: string
  username?: string
  nick?: string
  password?: string
  name?: string
  first?: string
  last?: string
  email?: string
  address?: string
  city?: string
  state?: string
  zip?: string
  phone?: string
  url?: string
  date?: string
  misc?: string
  text?: string
  key?: string
  form?: Form
  oob?: OobLink
}
export type GatewayAddress = Leftovers & {
  description?: string
  prompt?: string
  jid?: string
}
export type Agents = Leftovers & {
  agents?: Agent[]
}
export type Agent = Leftovers & {
  jid?: Jid
  name?: string
  description?: string
  transport?: string
  service?: string
  groupchat?: true
  register?: true
  search?: true
}
export type MucAdmin = Leftovers & {
  items?: MucAdminItem[]
}
export type MucAdminItem = Leftovers & {
  affiliation?: 'owner' | 'admin' | 'member' | 'outcast' | 'none'
  role?: 'moderator' | 'participant' | 'visitor' | 'none'
  jid?: Jid
  nick?: string
  actor?: MucAdminActor
  reason?: string
}
export type MucAdminActor = Leftovers & {
  jid?: Jid
  nick?: string
}
export type MucOwner = Leftovers & {
  form?: Form
  destroy?: MucDestroy
}
export type MucDestroy = Leftovers & {
  jid?: Jid
  password?: string
  reason?: string
}
export type Roster = Leftovers & {
  version?: string
  items?: RosterItem[]
}
export type RosterItem = Leftovers & {
  jid: Jid
  name?: string
  subscription?: 'none' | 'to' | 'from' | 'both' | 'remove'
  ask?: 'subscribe'
  approved?: boolean
  groups?: string[]
}
export type UploadRequest = Leftovers & {
  fileName?: string
  size?: number
  mediaType?: string
  purpose?: UploadForMessage | UploadForProfile | UploadEphemeral | UploadPermanent
}
export type UploadForMessage = Leftovers & {
  type: 'message'
}
export type UploadForProfile = Leftovers & {
  type: 'profile'
}
export type UploadEphemeral = Leftovers & {
  type: 'ephemeral'
  expireBefore?: Timestamp
}
export type UploadPermanent = Leftovers & {
  type: 'permanent'
}
export type UploadSlot = Leftovers & {
  put?: UploadPut
  get?: UploadGet
}
export type UploadPut = Leftovers & {
  url?: string
  headers?: UploadHeader[]
}
export type UploadHeader = Leftovers & {
  name?: string
  value?: string
}
export type UploadGet = Leftovers & {
  url?: string
}
export type StreamInitiation = Leftovers & {
  id?: string
  mediaType?: string
  profile?: string
  file?: TransferFile
  feature?: Form
}
export type TransferFile = Leftovers & {
  name?: string
  size?: number
  date?: Timestamp
  hash?: string
  description?: string
  range?: TransferRange
}
export type TransferRange = Leftovers & {
  offset?: number
  length?: number
}
export type WebhookReplay =
  | {
      delivery: string
    }
  | {
      /**
       * Session id, bare JID or full JID; without it all sessions of the tenant
       */
      session: string
      after: string
      until?: string
    }
  | {
      dead: true
    }
export type Scope =
  | 'sessions:read'
  | 'sessions:write'
  | 'messages:read'
  | 'messages:write'
  | 'roster:read'
  | 'roster:write'
  | 'presence:read'
  | 'presence:write'
  | 'rooms:read'
  | 'rooms:write'
  | 'files:read'
  | 'files:write'
  | 'profile:read'
  | 'profile:write'
  | 'pubsub:read'
  | 'pubsub:write'
  | 'iq:read'
  | 'iq:write'
  | 'stanzas:read'
  | 'stanzas:write'
  | 'commands:read'
  | 'commands:write'
  | 'events:read'
  | 'events:write'
  | 'webhooks:read'
  | 'webhooks:write'
  | 'keys:read'
  | 'keys:write'
/**
 * A CloudEvent 1.0 of a session
 */
export type Event =
  | SessionOnlineEvent
  | SessionResumedEvent
  | SessionOfflineEvent
  | SessionFailedEvent
  | SessionConflictEvent
  | SessionCaughtUpEvent
  | SessionEndedEvent
  | RoomInvitedEvent
  | RoomDeclinedEvent
  | RoomMessageModeratedEvent
  | MessageAcceptedEvent
  | MessageSentEvent
  | MessageAckedEvent
  | MessageDeliveredEvent
  | MessageDisplayedEvent
  | MessageFailedEvent
  | MessageExpiredEvent
  | MessageReceivedEvent
  | MessageSentElsewhereEvent
  | MessageCorrectedEvent
  | MessageRetractedEvent
  | MessageReactedEvent
  | ChatstateChangedEvent
  | ChatDisplayedEvent
  | ProfileAvatarChangedEvent
  | ProfileNickChangedEvent
  | PubsubPublishedEvent
  | PubsubRetractedEvent
  | PubsubPurgedEvent
  | PubsubDeletedEvent
  | PubsubConfiguredEvent
  | PubsubSubscriptionEvent
  | RosterUpdatedEvent
  | RosterRemovedEvent
  | BlocklistUpdatedEvent
  | IqRequestedEvent
  | IqCompletedEvent
  | PresenceAvailableEvent
  | PresenceUnavailableEvent
  | PresenceErrorEvent
  | SubscriptionRequestedEvent
  | SubscriptionApprovedEvent
  | SubscriptionCancelledEvent
  | SubscriptionDeniedEvent
  | RoomJoinedEvent
  | RoomLeftEvent
  | RoomFailedEvent
  | RoomSubjectEvent
  | RoomConfigChangedEvent
  | RoomDestroyedEvent
  | RoomOccupantJoinedEvent
  | RoomOccupantLeftEvent
  | RoomOccupantChangedEvent
  | RoomNickChangedEvent
  | WebhookFailingEvent
  | WebhookRecoveredEvent
  | WebhookDisabledEvent
  | EventsGapEvent
  | EventsSnapshotEndEvent
/**
 * The account is online.
 */
export type SessionOnlineEvent = EventHead & {
  type: 'session.online'
  data: SessionEvent
}
/**
 * the cursor: read on with ?after=
 */
export type Cursor = string
/**
 * the session
 */
export type EventSource = string
export type SessionState = 'connecting' | 'online' | 'resuming' | 'backoff' | 'auth-failed' | 'conflict' | 'stopped'
/**
 * The connection was lost and taken up again; nothing was missed.
 */
export type SessionResumedEvent = EventHead & {
  type: 'session.resumed'
  data: SessionEvent
}
/**
 * The connection is lost; the gateway goes on trying.
 */
export type SessionOfflineEvent = EventHead & {
  type: 'session.offline'
  data: SessionEvent
}
/**
 * The session has stopped, for example because the password is not accepted any more; `reason` says why.
 */
export type SessionFailedEvent = EventHead & {
  type: 'session.failed'
  data: SessionEvent
}
/**
 * Another client took the resource; the session has stopped.
 */
export type SessionConflictEvent = EventHead & {
  type: 'session.conflict'
  data: SessionEvent
}
/**
 * What the archive keeps of the time away was restored.
 */
export type SessionCaughtUpEvent = EventHead & {
  type: 'session.caught-up'
  data: SessionEvent
}
/**
 * The session was ended; nothing follows.
 */
export type SessionEndedEvent = EventHead & {
  type: 'session.ended'
  data: SessionEvent
}
/**
 * Somebody invites the account to a room. One who does it in both forms is told once.
 */
export type RoomInvitedEvent = EventHead & {
  type: 'room.invited'
  data: {
    room: string
    /**
     * As the room tells it: a JID, or somebody in the room
     */
    from?: string
    reason?: string
    password?: string
    kind: 'direct' | 'mediated'
    [k: string]: unknown
  }
}
/**
 * Somebody whom the account invited declines.
 */
export type RoomDeclinedEvent = EventHead & {
  type: 'room.declined'
  data: {
    room: string
    /**
     * As the room tells it: a JID, or somebody in the room
     */
    from?: string
    reason?: string
    [k: string]: unknown
  }
}
/**
 * The moderators of a room took a message away, which is named by the id that the room gave it.
 */
export type RoomMessageModeratedEvent = EventHead & {
  type: 'room.message-moderated'
  data: {
    room: string
    stanzaId: string
    by?: string
    reason?: string
    [k: string]: unknown
  }
}
/**
 * The message was validated and is in the outbox.
 */
export type MessageAcceptedEvent = EventHead & {
  type: 'message.accepted'
  data: MessageRecord
}
/**
 * How far the message came
 */
export type MessageStatus = 'accepted' | 'sent' | 'acked' | 'delivered' | 'displayed' | 'failed' | 'expired'
/**
 * The message was written to the connection. Left out where the acknowledgement comes soon; the history of the record has it.
 */
export type MessageSentEvent = EventHead & {
  type: 'message.sent'
  data: MessageRecord
}
/**
 * The account's own server took the message over.
 */
export type MessageAckedEvent = EventHead & {
  type: 'message.acked'
  data: MessageRecord
}
/**
 * A receipt of the recipient came.
 */
export type MessageDeliveredEvent = EventHead & {
  type: 'message.delivered'
  data: MessageRecord
}
/**
 * The recipient has seen the message.
 */
export type MessageDisplayedEvent = EventHead & {
  type: 'message.displayed'
  data: MessageRecord
}
/**
 * The message came back, was refused, or what became of it is not known; `error` says why.
 */
export type MessageFailedEvent = EventHead & {
  type: 'message.failed'
  data: MessageRecord
}
/**
 * The message was not sent before its `expiresIn` was over.
 */
export type MessageExpiredEvent = EventHead & {
  type: 'message.expired'
  data: MessageRecord
}
/**
 * A message came in. A correction or retraction (`replace`, `retract`) of somebody else's message, or of one that the gateway does not remember, comes as this too.
 */
export type MessageReceivedEvent = EventHead & {
  type: 'message.received'
  data: MessageEvent
}
export type MessageEvent = Leftovers & {
  to?: Jid
  from?: Jid
  id?: string
  lang?: string
  type?: 'chat' | 'error' | 'groupchat' | 'headline' | 'normal'
  archived?: ArchiveResult
  discoItems?: DiscoItems
  form?: Form
  body?: string
  bodies?: TextsByLanguage
  subject?: string
  subjects?: TextsByLanguage
  thread?: string
  parentThread?: string
  addresses?: Addresses
  oob?: OobLink
  /**
   * XHTML-IM: the inside of the body, sanitised to the profile of XEP-0071
   */
  html?: string
  htmls?: {
    /**
     * XHTML-IM: the inside of the body, sanitised to the profile of XEP-0071
     */
    [k: string]: string
  }
  chatState?: 'active' | 'composing' | 'gone' | 'inactive' | 'paused'
  nick?: string
  receipt?: ReceiptRequest | ReceiptReceived
  delay?: Delay
  attention?: true
  /**
   * It was addressed to, or sent by, another client of the account
   */
  carbon?: 'sent' | 'received'
  private?: true
  forwarded?: Forwarded
  replace?: string
  marker?: MarkerMarkable | MarkerReceived | MarkerDisplayed | MarkerAcknowledged
  hints?: ('no-permanent-store' | 'no-store' | 'no-copy' | 'store')[]
  originId?: string
  stanzaIds?: StanzaId[]
  referencedStanza?: ReferencedStanza
  attachTo?: string
  references?: Reference[]
  openpgp?: string
  encryption?: Encryption
  spoiler?: string
  spoilers?: TextsByLanguage
  unstyled?: true
  markup?: Markup
  occupantId?: string
  retract?: Retraction
  retracted?: Retracted
  fallback?: Fallback[]
  reactions?: Reactions
  fileMetadata?: FileMetadata
  fileSharing?: FileSharing[]
  fileSources?: FileSources[]
  reply?: Reply
  displayed?: Displayed
  location?: Location
  mood?: Mood
  activity?: Activity
  tune?: Tune
  hats?: Hat[]
  pubsubNotice?: Pubsub
  pubsubOwner?: PubsubOwner
  pubsub?: PubsubEvent
  headers?: Headers
  muc?: MucJoin | MucInfo
  invite?: Invite
  error?: StanzaError
  /**
   * Only where the stanza is not in jabber:client; such a stanza is never sent
   */
  xmlns?: string
  /**
   * The body without the part that is a fallback for older clients (XEP-0428)
   */
  text?: string
  file?: FileLink2
  /**
   * Who said it in which room; without a nick the room itself
   */
  room?: {
    jid: string
    nick?: string
    occupantId?: string
    own: boolean
  }
  /**
   * It came from the server's archive
   */
  source?: 'archive'
}
/**
 * Another client of the account sent a message.
 */
export type MessageSentElsewhereEvent = EventHead & {
  type: 'message.sent-elsewhere'
  data: MessageEvent
}
/**
 * A message replaces an earlier one of the same author (`replace`).
 */
export type MessageCorrectedEvent = EventHead & {
  type: 'message.corrected'
  data: MessageEvent
}
/**
 * The author takes a message back (`retract`), or a moderator does in a room.
 */
export type MessageRetractedEvent = EventHead & {
  type: 'message.retracted'
  data: MessageEvent
}
/**
 * Somebody reacts to a message (`reactions`: all that they now have on it).
 */
export type MessageReactedEvent = EventHead & {
  type: 'message.reacted'
  data: MessageEvent
}
/**
 * Somebody composes, pauses, or looks at the conversation or away.
 */
export type ChatstateChangedEvent = EventHead & {
  type: 'chatstate.changed'
  data: MessageEvent
}
/**
 * A client of the account, this one or another, has displayed a chat up to a message. Only of sessions with `mds`.
 */
export type ChatDisplayedEvent = EventHead & {
  type: 'chat.displayed'
  data: {
    chat: string
    stanzaId: string
    own: true
  }
}
/**
 * Somebody has another avatar, or, without `id`, none any more.
 */
export type ProfileAvatarChangedEvent = EventHead & {
  type: 'profile.avatar-changed'
  data: {
    jid: string
    /**
     * SHA-1 of the image: the ETag of `GET /profiles/{jid}/avatar`
     */
    id?: string
    mediaType?: string
  }
}
/**
 * Somebody calls themselves otherwise (XEP-0172), or, without `nick`, not any more.
 */
export type ProfileNickChangedEvent = EventHead & {
  type: 'profile.nick-changed'
  data: {
    jid: string
    nick?: string
  }
}
/**
 * A node that the account listens to has new items (`pubsub`).
 */
export type PubsubPublishedEvent = EventHead & {
  type: 'pubsub.published'
  data: MessageEvent
}
/**
 * Items of a node were taken away.
 */
export type PubsubRetractedEvent = EventHead & {
  type: 'pubsub.retracted'
  data: MessageEvent
}
/**
 * All items of a node were taken away.
 */
export type PubsubPurgedEvent = EventHead & {
  type: 'pubsub.purged'
  data: MessageEvent
}
/**
 * A node is gone.
 */
export type PubsubDeletedEvent = EventHead & {
  type: 'pubsub.deleted'
  data: MessageEvent
}
/**
 * A node was configured anew.
 */
export type PubsubConfiguredEvent = EventHead & {
  type: 'pubsub.configured'
  data: MessageEvent
}
/**
 * A subscription to a node has changed.
 */
export type PubsubSubscriptionEvent = EventHead & {
  type: 'pubsub.subscription'
  data: MessageEvent
}
/**
 * A contact is new or was changed, also by another client of the account.
 */
export type RosterUpdatedEvent = EventHead & {
  type: 'roster.updated'
  data: RosterContact
}
/**
 * A contact is not in the roster any more.
 */
export type RosterRemovedEvent = EventHead & {
  type: 'roster.removed'
  data: {
    jid: string
  }
}
/**
 * Somebody was blocked or unblocked, by any client of the account.
 */
export type BlocklistUpdatedEvent = EventHead & {
  type: 'blocklist.updated'
  data: BlocklistChange
}
/**
 * Somebody asks the account, in a namespace that the session `handles`: answer by `POST /iq/{subject}/reply` within 20 s.
 */
export type IqRequestedEvent = EventHead & {
  type: 'iq.requested'
  data: Iq
}
/**
 * The answer to an iq came, or its time is over.
 */
export type IqCompletedEvent = EventHead & {
  type: 'iq.completed'
  data: KeptIq
}
/**
 * A resource is available, or shows something else.
 */
export type PresenceAvailableEvent = EventHead & {
  type: 'presence.available'
  data: PresenceEvent
}
export type PresenceEvent = Leftovers & {
  to?: Jid
  from?: Jid
  id?: string
  lang?: string
  type?: 'error' | 'probe' | 'subscribe' | 'subscribed' | 'unavailable' | 'unsubscribe' | 'unsubscribed'
  lastActivity?: LastActivity
  addresses?: Addresses
  oob?: OobLink
  nick?: string
  delay?: Delay
  occupantId?: string
  show?: 'away' | 'chat' | 'dnd' | 'xa'
  status?: string
  statuses?: TextsByLanguage
  priority?: number
  caps?: Caps
  vcardUpdate?: VcardUpdate
  hats?: Hat[]
  idle?: Idle
  caps2?: Caps2
  muc?: MucJoin | MucInfo
  error?: StanzaError
  /**
   * Only where the stanza is not in jabber:client; such a stanza is never sent
   */
  xmlns?: string
  source?: 'resync' | 'gateway'
}
/**
 * A resource is not available any more; `source: resync` where it was no longer there after a reconnect.
 */
export type PresenceUnavailableEvent = EventHead & {
  type: 'presence.unavailable'
  data: PresenceEvent
}
/**
 * A presence could not be delivered, for example because a domain cannot be reached. With `source: gateway` it is the own presence, because of which the server ended one connection after another: the last one that it accepted is shown again, or a plain one.
 */
export type PresenceErrorEvent = EventHead & {
  type: 'presence.error'
  data: PresenceEvent
}
/**
 * Somebody asks to see the presence of the account: answer with `subscribed` or `unsubscribed`.
 */
export type SubscriptionRequestedEvent = EventHead & {
  type: 'subscription.requested'
  data: PresenceEvent
}
/**
 * A contact allows the account to see their presence.
 */
export type SubscriptionApprovedEvent = EventHead & {
  type: 'subscription.approved'
  data: PresenceEvent
}
/**
 * Somebody no longer wants to see the presence of the account, or withdraws the request.
 */
export type SubscriptionCancelledEvent = EventHead & {
  type: 'subscription.cancelled'
  data: PresenceEvent
}
/**
 * A contact refuses to let the account see their presence, or no longer lets it.
 */
export type SubscriptionDeniedEvent = EventHead & {
  type: 'subscription.denied'
  data: PresenceEvent
}
/**
 * The session is in the room. `again`: it was before.
 */
export type RoomJoinedEvent = EventHead & {
  type: 'room.joined'
  data: {
    /**
     * The bare JID of the room
     */
    room: string
    nick: string
    created?: boolean
    again?: boolean
    [k: string]: unknown
  }
}
/**
 * The session is not in the room any more. After `lost`, `shutdown` and `error` it comes back by itself.
 */
export type RoomLeftEvent = EventHead & {
  type: 'room.left'
  data: {
    /**
     * The bare JID of the room
     */
    room: string
    reason: 'left' | 'kicked' | 'banned' | 'lost' | 'affiliation' | 'members-only' | 'shutdown' | 'destroyed' | 'error'
    by?: string
    text?: string
    alternate?: string
    [k: string]: unknown
  }
}
/**
 * The room could not be joined.
 */
export type RoomFailedEvent = EventHead & {
  type: 'room.failed'
  data: {
    /**
     * The bare JID of the room
     */
    room: string
    error: {
      code: string
      detail: string
      [k: string]: unknown
    }
    [k: string]: unknown
  }
}
/**
 * The room has another subject, or none.
 */
export type RoomSubjectEvent = EventHead & {
  type: 'room.subject'
  data: {
    /**
     * The bare JID of the room
     */
    room: string
    subject?: string
    by?: string
    at: string
    [k: string]: unknown
  }
}
/**
 * The room was configured.
 */
export type RoomConfigChangedEvent = EventHead & {
  type: 'room.config-changed'
  data: {
    /**
     * The bare JID of the room
     */
    room: string
    /**
     * Status codes of XEP-0045
     */
    codes: number[]
    [k: string]: unknown
  }
}
/**
 * The room is no more.
 */
export type RoomDestroyedEvent = EventHead & {
  type: 'room.destroyed'
  data: {
    /**
     * The bare JID of the room
     */
    room: string
    text?: string
    alternate?: string
    [k: string]: unknown
  }
}
/**
 * Somebody came into the room.
 */
export type RoomOccupantJoinedEvent = EventHead & {
  type: 'room.occupant-joined'
  data: {
    nick: string
    /**
     * The same whatever the nick (XEP-0421)
     */
    occupantId?: string
    jid?: string
    role?: 'moderator' | 'participant' | 'visitor' | 'none'
    affiliation?: 'owner' | 'admin' | 'member' | 'outcast' | 'none'
    presence?: {
      show?: string
      status?: string
      [k: string]: unknown
    }
    hats?: unknown
    /**
     * The bare JID of the room
     */
    room: string
  }
}
/**
 * Somebody left the room.
 */
export type RoomOccupantLeftEvent = EventHead & {
  type: 'room.occupant-left'
  data: {
    nick: string
    /**
     * The same whatever the nick (XEP-0421)
     */
    occupantId?: string
    jid?: string
    role?: 'moderator' | 'participant' | 'visitor' | 'none'
    affiliation?: 'owner' | 'admin' | 'member' | 'outcast' | 'none'
    presence?: {
      show?: string
      status?: string
      [k: string]: unknown
    }
    hats?: unknown
    /**
     * The bare JID of the room
     */
    room: string
    reason: 'left' | 'kicked' | 'banned' | 'lost' | 'affiliation' | 'members-only' | 'shutdown' | 'destroyed' | 'error'
    by?: string
    text?: string
  }
}
/**
 * Role, affiliation or presence of somebody in the room changed.
 */
export type RoomOccupantChangedEvent = EventHead & {
  type: 'room.occupant-changed'
  data: {
    nick: string
    /**
     * The same whatever the nick (XEP-0421)
     */
    occupantId?: string
    jid?: string
    role?: 'moderator' | 'participant' | 'visitor' | 'none'
    affiliation?: 'owner' | 'admin' | 'member' | 'outcast' | 'none'
    presence?: {
      show?: string
      status?: string
      [k: string]: unknown
    }
    hats?: unknown
    /**
     * The bare JID of the room
     */
    room: string
  }
}
/**
 * Somebody in the room has another nick.
 */
export type RoomNickChangedEvent = EventHead & {
  type: 'room.nick-changed'
  data: {
    /**
     * The bare JID of the room
     */
    room: string
    from: string
    to: string
    own: boolean
    [k: string]: unknown
  }
}
/**
 * Ten tries in a row failed; one is made at a time from now on, until one succeeds.
 */
export type WebhookFailingEvent = EventHead & {
  type: 'webhook.failing'
  data: WebhookBrief
}
/**
 * It takes events again; what waited is delivered.
 */
export type WebhookRecoveredEvent = EventHead & {
  type: 'webhook.recovered'
  data: WebhookBrief
}
/**
 * Nothing is sent any more until it is enabled again; `reason` says why.
 */
export type WebhookDisabledEvent = EventHead & {
  type: 'webhook.disabled'
  data: WebhookBrief
}
/**
 * Events are missing here. `expired`, `store-lost`: those between two cursors are no longer kept; the oldest there is comes next. `archive-unavailable`, `too-many`: not all that was missed while the session was away could be restored. `stanza-too-large`, `stanza-not-stored`: a stanza came that could not be taken. `quarantined`: a stanza, or what the session knew (`what: state`, which is read again), was being handled both times when an instance died; it is left out. `unread`: what a new connection should bring was refused, did not come or could not be read; it is not known until it is gone from the `unread` of the session.
 */
export type EventsGapEvent = EventHead & {
  type: 'events.gap'
  data: {
    /**
     * the cursor that was asked for, or the time at which what is missing begins
     */
    from: string
    /**
     * the cursor after which the log can be read, or the time at which it ends
     */
    to: string
    reason:
      'expired' | 'store-lost' | 'archive-unavailable' | 'too-many' | 'stanza-too-large' | 'stanza-not-stored' | 'quarantined' | 'unread'
    /**
     * what is known of a stanza that was too large, or is left out
     */
    stanza?: {
      name: string
      from?: string
      id?: string
      type?: string
    }
    /**
     * of what was said in a room
     */
    room?: string
    /**
     * of `quarantined`: `state`; of `unread`: `roster`, `carbons` (what other clients of the account send and receive)
     */
    what?: string
  }
}
/**
 * The snapshot is complete; live events follow.
 */
export type EventsSnapshotEndEvent = EventHead & {
  type: 'events.snapshot-end'
  data: {
    snapshot: string
    /**
     * how many events it had
     */
    events: number
  }
}
export type RoomState = 'joining' | 'joined' | 'leaving' | 'left' | 'failed'
export type RoomsListResult =
  | {
      data: Room[]
      page: Page
    }
  | {
      data: PublicRoom[]
      page: Page
    }

export interface NewSession {
  /**
   * The bare JID; the domain alone for ANONYMOUS
   */
  jid?: string
  /**
   * Stored encrypted, never shown. Only an account that logs in by certificate or anonymously can do without
   */
  password?: string
  /**
   * In place of `jid`: a domain that the server knows as a component (XEP-0114), with its `secret` and `service`. The session speaks for every address of it. The stream is clear text: loopback, or hosts that XMPP_PRIVATE_HOSTS names.
   */
  component?: string
  /**
   * Of a component. Stored encrypted, never shown
   */
  secret?: string
  sasl?: Sasl
  /**
   * Where the server is: `xmpp://host:port`, `xmpps://…`, `wss://…`. By default it is looked up from the domain
   */
  service?: string
  /**
   * By default the gateway chooses one
   */
  resource?: string
  /**
   * The primary and the senders beside it; servers limit sessions per user
   */
  connections?: number
  /**
   * What the account shows once online; false stays unavailable
   */
  presence?:
    | false
    | {
        lang?: string
        lastActivity?: LastActivity
        addresses?: Addresses
        oob?: OobLink
        nick?: string
        delay?: Delay
        occupantId?: string
        show?: 'away' | 'chat' | 'dnd' | 'xa'
        status?: string
        statuses?: TextsByLanguage
        priority?: number
        caps?: Caps
        vcardUpdate?: VcardUpdate
        hats?: Hat[]
        idle?: Idle
        caps2?: Caps2
        muc?: MucJoin | MucInfo
        attributes?: Attributes
        extensions?: Extensions
        raw?: Raw
        /**
         * Only where the stanza is not in jabber:client; such a stanza is never sent
         */
        xmlns?: string
      }
  /**
   * Namespaces of incoming iqs that callers answer: they are raised as iq.requested and shown by service discovery
   *
   * @maxItems 100
   */
  handles?: string[]
  /**
   * PEP nodes of contacts whose notifications are wanted, as `pubsub.published`
   *
   * @maxItems 100
   */
  notify?: string[]
  /**
   * Joins the rooms that the account's bookmarks say (XEP-0402)
   */
  bookmarks?: boolean
  /**
   * What was read is told the account's other clients, and theirs is told here (XEP-0490)
   */
  mds?: boolean
}
/**
 * How the account may log in, beside SCRAM, which is always allowed
 */
export interface Sasl {
  /**
   * Mechanisms that are only used where they are allowed, and where the server offers nothing better. PLAIN shows the server the password, only ever over TLS. DIGEST-MD5 is broken (RFC 6331): for servers that have nothing else. ANONYMOUS needs no password: `jid` is then a domain, the server makes the account, and the bare JID that it bound is the `jid` of the session, another one after each log-in that did not resume.
   *
   * @maxItems 3
   */
  allow?:
    | []
    | ['PLAIN' | 'DIGEST-MD5' | 'ANONYMOUS']
    | ['PLAIN' | 'DIGEST-MD5' | 'ANONYMOUS', 'PLAIN' | 'DIGEST-MD5' | 'ANONYMOUS']
    | ['PLAIN' | 'DIGEST-MD5' | 'ANONYMOUS', 'PLAIN' | 'DIGEST-MD5' | 'ANONYMOUS', 'PLAIN' | 'DIGEST-MD5' | 'ANONYMOUS']
  /**
   * A client certificate: shown to the server in the TLS handshake, and used to log in (SASL EXTERNAL, XEP-0178) before all others where the server offers that. Stored encrypted like a password, never shown.
   */
  certificate?: {
    /**
     * The certificate and what else its chain needs, PEM
     */
    cert: string
    /**
     * Its private key without a passphrase, PEM
     */
    key: string
  }
}
/**
 * What has no member of its own: unknown attributes and elements, and texts that a member cannot hold
 */
export interface Leftovers {
  attributes?: Attributes
  extensions?: Extensions
  raw?: Raw
}
/**
 * Attributes by name; one in a namespace is called {uri}name
 */
export interface Attributes {
  [k: string]: string
}
/**
 * An XML element as it is; children are elements and text in their order
 */
export interface Extension {
  name: string
  xmlns: string
  attributes?: Attributes
  children?: (Extension | string)[]
}
/**
 * The text as received of members that cannot hold it (absent or null then) or that spell it in another way
 */
export interface Raw {
  [k: string]: string
}
/**
 * Texts by language tag (BCP 47)
 */
export interface TextsByLanguage {
  [k: string]: string
}
export interface SessionChange {
  /**
   * Stored encrypted, never shown. Only an account that logs in by certificate or anonymously can do without
   */
  password?: string
  /**
   * Of a component. Stored encrypted, never shown
   */
  secret?: string
  sasl?: Sasl
  /**
   * The primary and the senders beside it; servers limit sessions per user
   */
  connections?: number
  /**
   * Namespaces of incoming iqs that callers answer: they are raised as iq.requested and shown by service discovery
   *
   * @maxItems 100
   */
  handles?: string[]
  /**
   * PEP nodes of contacts whose notifications are wanted, as `pubsub.published`
   *
   * @maxItems 100
   */
  notify?: string[]
  /**
   * Joins the rooms that the account's bookmarks say (XEP-0402)
   */
  bookmarks?: boolean
  /**
   * What was read is told the account's other clients, and theirs is told here (XEP-0490)
   */
  mds?: boolean
}
export interface NewInvitation {
  to: Jid
  reason?: string
  /**
   * Default direct
   */
  kind?: 'direct' | 'mediated'
}
export interface Declination {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  to?: string
  reason?: string
}
export interface RoomConfigChange {
  values: FilledIn
}
/**
 * By the name of the field; what is not named keeps its present value
 */
export interface FilledIn {
  [k: string]: string | boolean | string[] | number
}
export interface RoomAffiliationChange {
  affiliation: 'owner' | 'admin' | 'member' | 'outcast' | 'none'
  reason?: string
  /**
   * A nick to keep for them
   */
  nick?: string
}
export interface RoomRoleChange {
  role: 'moderator' | 'participant' | 'visitor' | 'none'
  reason?: string
}
export interface RoomEnd {
  reason?: string
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  alternate?: string
}
/**
 * One known payload by its name, or any other as `element`
 */
export interface ItemContent {
  element?: Extension
  nick?: string
  displayed?: Displayed
  bookmarks?: Bookmarks
  location?: Location
  avatarData?: string
  avatarMetadata?: AvatarMetadata
  mood?: Mood
  activity?: Activity
  tune?: Tune
  pushNotification?: PushNotification
  bookmark?: Bookmark
  vcard?: Vcard
  vcard4?: Vcard4
  atom?: AtomEntry
}
/**
 * The payload of an iq by its name; one that is not known is in `extensions`
 */
export interface Payload {
  archiveQuery?: ArchiveQuery
  archiveFin?: ArchiveFin
  archiveMetadata?: ArchiveMetadata
  archivePreferences?: ArchivePreferences
  privacy?: Privacy
  blocklist?: Blocklist
  block?: Block
  unblock?: Unblock
  command?: Command
  discoInfo?: DiscoInfo
  discoItems?: DiscoItems
  externalServices?: ExternalServices
  externalCredentials?: ExternalCredentials
  form?: Form
  bind?: Bind
  session?: SessionRequest
  lastActivity?: LastActivity
  version?: SoftwareVersion
  ping?: Ping
  time?: EntityTime
  oob?: OobOffer
  carbons?: CarbonsEnable | CarbonsDisable
  moderate?: Moderate
  privateStorage?: PrivateStorage
  pushEnable?: PushEnable
  pushDisable?: PushDisable
  caps2?: Caps2
  vcard?: Vcard
  vcard4?: Vcard4
  pubsub?: Pubsub
  pubsubOwner?: PubsubOwner
  headers?: Headers
  search?: Search
  register?: Register
  gateway?: GatewayAddress
  agents?: Agents
  mucAdmin?: MucAdmin
  mucOwner?: MucOwner
  roster?: Roster
  uploadRequest?: UploadRequest
  uploadSlot?: UploadSlot
  streamInitiation?: StreamInitiation
  extensions?: Extensions
}
/**
 * A file to tell of: the body is its URL then
 */
export interface FileLink {
  url: string
  fileName?: string
  mediaType?: string
  /**
   * bytes
   */
  size?: number
  sha256?: string
}
/**
 * A file that is somewhere already, and what is known of it
 */
export interface FileLink1 {
  url: string
  fileName?: string
  mediaType?: string
  /**
   * bytes
   */
  size?: number
  sha256?: string
}
export interface MessageBatch {
  /**
   * @minItems 1
   * @maxItems 500
   */
  messages: [NewMessage, ...NewMessage[]]
}
export interface ChatDisplayed {
  /**
   * Of the last message that was displayed; in a room its stanza-id
   */
  id: string
  /**
   * That the own server gave it; by default it is looked up
   */
  stanzaId?: string
}
/**
 * What somebody tells of themselves
 */
export interface Profile {
  displayName?: string
  nick?: string
  given?: string
  family?: string
  org?: string
  title?: string
  birthday?: string
  note?: string
  /**
   * @maxItems 50
   */
  emails?: string[]
  /**
   * @maxItems 50
   */
  phones?: string[]
  /**
   * @maxItems 50
   */
  urls?: string[]
}
export interface NewItem {
  /**
   * Replaces the item with this id; by default the service chooses one
   */
  id?: string
  payload?: ItemContent
  /**
   * The payload as XML, in place of `payload`
   */
  xml?: string
  options?: NodeConfiguration
}
/**
 * Options by plain names; others by their own, like `pubsub#deliver_payloads`
 */
export interface NodeConfiguration {
  accessModel?: 'open' | 'presence' | 'roster' | 'authorize' | 'whitelist'
  maxItems?: number | 'max'
  persistItems?: boolean
  sendLastPublishedItem?: 'never' | 'on_sub' | 'on_sub_and_presence'
  notifyRetract?: boolean
  title?: string
  [k: string]:
    | string
    | boolean
    | number
    | string[]
    | 'open'
    | 'presence'
    | 'roster'
    | 'authorize'
    | 'whitelist'
    | 'max'
    | 'never'
    | 'on_sub'
    | 'on_sub_and_presence'
    | undefined
}
export interface NodeValues {
  values: NodeConfiguration
}
export interface AffiliationChanges {
  /**
   * @minItems 1
   * @maxItems 100
   */
  affiliations: [
    {
      jid: Jid
      affiliation: 'member' | 'none' | 'outcast' | 'owner' | 'publisher' | 'publish-only'
    },
    ...{
      jid: Jid
      affiliation: 'member' | 'none' | 'outcast' | 'owner' | 'publisher' | 'publish-only'
    }[],
  ]
}
/**
 * What is left out is removed
 */
export interface ContactChange {
  name?: string
  /**
   * @maxItems 100
   */
  groups?: string[]
}
export interface NewBlock {
  /**
   * Reports them to the server too
   */
  reason?: 'spam' | 'abuse'
  /**
   * What they did, for the report
   */
  text?: string
}
export interface NewIq {
  type: 'get' | 'set'
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  from?: string
  to?: Jid
  payload?: Payload
  /**
   * The payload as XML, in place of `payload`
   */
  xml?: string
}
/**
 * A result with or without a payload, or an error
 */
export interface IqReply {
  payload?: Payload
  /**
   * The payload as XML, in place of `payload`
   */
  xml?: string
  error?: IqReplyError
}
export interface IqReplyError {
  /**
   * default cancel
   */
  type?: 'auth' | 'cancel' | 'continue' | 'modify' | 'wait'
  condition:
    | 'bad-request'
    | 'conflict'
    | 'feature-not-implemented'
    | 'forbidden'
    | 'gone'
    | 'internal-server-error'
    | 'item-not-found'
    | 'jid-malformed'
    | 'not-acceptable'
    | 'not-allowed'
    | 'not-authorized'
    | 'policy-violation'
    | 'recipient-unavailable'
    | 'redirect'
    | 'registration-required'
    | 'remote-server-not-found'
    | 'remote-server-timeout'
    | 'resource-constraint'
    | 'service-unavailable'
    | 'subscription-required'
    | 'undefined-condition'
    | 'unexpected-request'
  text?: string
  applicationCondition?: {
    name: string
    xmlns: string
  }
}
/**
 * Exactly one of message, presence and iq
 */
export interface Stanza {
  message?: Message
  presence?: Presence
  iq?: Iq
}
export interface NewCommand {
  jid: Jid
  node: string
}
export interface CommandStep {
  /**
   * By default what the other side has as the usual next step
   */
  action?: 'cancel' | 'execute' | 'prev' | 'next' | 'complete'
  values?: FilledIn
}
export interface NewAccount {
  domain: string
  username: string
  /**
   * Stored encrypted, never shown. Only an account that logs in by certificate or anonymously can do without
   */
  password: string
  values?: FilledIn
  /**
   * Where the server is: `xmpp://host:port`, `xmpps://…`, `wss://…`. By default it is looked up from the domain
   */
  service?: string
}
export interface AccountRemoval {
  /**
   * The bare JID once more, so that no other is removed
   */
  jid: string
}
export interface NewPassword {
  /**
   * Stored encrypted, never shown. Only an account that logs in by certificate or anonymously can do without
   */
  password: string
}
export interface PushService {
  jid: Jid
  node: string
  values?: FilledIn
}
export interface NewUploadSlot {
  fileName: string
  /**
   * Its exact number of bytes
   */
  size: number
  mediaType?: string
}
export interface OwnPresence {
  lang?: string
  lastActivity?: LastActivity
  addresses?: Addresses
  oob?: OobLink
  nick?: string
  delay?: Delay
  occupantId?: string
  show?: 'away' | 'chat' | 'dnd' | 'xa'
  status?: string
  statuses?: TextsByLanguage
  priority?: number
  caps?: Caps
  vcardUpdate?: VcardUpdate
  hats?: Hat[]
  idle?: Idle
  caps2?: Caps2
  muc?: MucJoin | MucInfo
  /**
   * Only where the stanza is not in jabber:client; such a stanza is never sent
   */
  xmlns?: string
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  from?: string
}
export interface DirectedPresence {
  to: Jid
  id?: string
  lang?: string
  type?: 'subscribe' | 'subscribed' | 'unsubscribe' | 'unsubscribed' | 'unavailable'
  lastActivity?: LastActivity
  addresses?: Addresses
  oob?: OobLink
  nick?: string
  delay?: Delay
  occupantId?: string
  show?: 'away' | 'chat' | 'dnd' | 'xa'
  status?: string
  statuses?: TextsByLanguage
  priority?: number
  caps?: Caps
  vcardUpdate?: VcardUpdate
  hats?: Hat[]
  idle?: Idle
  caps2?: Caps2
  muc?: MucJoin | MucInfo
  /**
   * Only where the stanza is not in jabber:client; such a stanza is never sent
   */
  xmlns?: string
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  from?: string
}
export interface RoomWish {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  from?: string
  /**
   * Default: the local part of the account's JID
   */
  nick?: string
  password?: string
  /**
   * What was said before, told again at the first join; nothing by default
   */
  history?: {
    stanzas?: number
    since?: string
  }
  /**
   * Where somebody has the nick: fail (default), or try nick_2 to nick_5
   */
  nickConflict?: 'fail' | 'suffix'
  /**
   * Where there is no such room: make it (default `instant`)
   */
  create?: 'never' | 'instant' | 'configure'
  values?: FilledIn1
  /**
   * Whether the account's other clients are to join it too (XEP-0402)
   */
  bookmark?: boolean
}
/**
 * By the name of the field; what is not named keeps its present value
 */
export interface FilledIn1 {
  [k: string]: string | boolean | string[] | number
}
export interface RoomUpdate {
  nick?: string
  /**
   * Empty: none
   */
  subject?: string
  /**
   * What the session shows in this room alone; null: the same as everywhere
   */
  presence?: {
    lang?: string
    lastActivity?: LastActivity
    addresses?: Addresses
    oob?: OobLink
    nick?: string
    delay?: Delay
    occupantId?: string
    show?: 'away' | 'chat' | 'dnd' | 'xa'
    status?: string
    statuses?: TextsByLanguage
    priority?: number
    caps?: Caps
    vcardUpdate?: VcardUpdate
    hats?: Hat[]
    idle?: Idle
    caps2?: Caps2
    muc?: MucJoin | MucInfo
    attributes?: Attributes
    extensions?: Extensions
    raw?: Raw
    /**
     * Only where the stanza is not in jabber:client; such a stanza is never sent
     */
    xmlns?: string
  } | null
}
export interface NewWebhook {
  /**
   * https, with a public address; WEBHOOK_PRIVATE_HOSTS names the hosts where http and other addresses are allowed
   */
  url: string
  /**
   * `*` means all durable events; what is volatile (`presence.*`, `chatstate.*`) goes to webhooks that name it. `events.*` goes to all
   *
   * @minItems 1
   * @maxItems 200
   */
  types: [string, ...string[]]
  /**
   * Session id, bare JID or full JID; without it all sessions of the tenant
   */
  session?: string
  /**
   * strict: of each session one event at a time, in order. relaxed: up to 16, and one that fails does not hold up the others
   */
  ordering?: 'strict' | 'relaxed'
  /**
   * Sent with each request; never Host, Content-*, Webhook-*. All of it is kept sealed, and Authorization is shown as "set"
   */
  headers?: {
    [k: string]: string
  }
  description?: string
  /**
   * Of one session: begins after this cursor, 0 is the oldest kept; without it with what happens from now on
   */
  after?: string
}
/**
 * null removes
 */
export interface WebhookChange {
  /**
   * https, with a public address; WEBHOOK_PRIVATE_HOSTS names the hosts where http and other addresses are allowed
   */
  url?: string
  /**
   * `*` means all durable events; what is volatile (`presence.*`, `chatstate.*`) goes to webhooks that name it. `events.*` goes to all
   *
   * @minItems 1
   * @maxItems 200
   */
  types?: [string, ...string[]]
  session?: string | null
  /**
   * strict: of each session one event at a time, in order. relaxed: up to 16, and one that fails does not hold up the others
   */
  ordering?: 'strict' | 'relaxed'
  headers?: {
    [k: string]: string
  } | null
  description?: string | null
  /**
   * enabled: goes on from the kept place, at once; disabled: until it is enabled again
   */
  state?: 'enabled' | 'disabled'
}
export interface NewHook {
  /**
   * For people
   */
  name: string
  /**
   * Session id, bare JID or full JID: who says it
   */
  session?: string
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  to: string
  /**
   * What the other service sends: `text` as it is, `json` of any kind, or what that product sends
   */
  format: 'text' | 'json' | 'slack' | 'alertmanager' | 'grafana' | 'github'
  /**
   * Mustache over the body, without HTML escapes: what is said in place of the usual words
   */
  template?: string
}
export interface HookChange {
  /**
   * For people
   */
  name?: string
  /**
   * Session id, bare JID or full JID: who says it
   */
  session?: string
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  to?: string
  /**
   * What the other service sends: `text` as it is, `json` of any kind, or what that product sends
   */
  format?: 'text' | 'json' | 'slack' | 'alertmanager' | 'grafana' | 'github'
  template?: string | null
}
export interface Ack {
  /**
   * The name of the consumer
   */
  consumer: string
  /**
   * The `id` of the last event that it is done with
   */
  cursor: string
}
export interface NewKey {
  /**
   * What it is for
   */
  name: string
  /**
   * What it may do; `:write` has `:read`
   *
   * @minItems 1
   * @maxItems 28
   */
  scopes: [Scope, ...Scope[]]
  /**
   * The accounts whose sessions there are for it: bare JIDs, or `*@domain`. Without it: all of the tenant
   *
   * @minItems 1
   * @maxItems 100
   */
  sessions?: [string, ...string[]]
  /**
   * Whom messages, iqs, presence, room joins and invitations may go to: JIDs (a bare one is all of its resources), or `@domain`. Without it: everybody
   *
   * @minItems 1
   * @maxItems 100
   */
  recipients?: [string, ...string[]]
  /**
   * It is refused from then on. Without it: never
   */
  expiresAt?: string
}
/**
 * What is left out stays; null takes a bound away
 */
export interface KeyChange {
  /**
   * What it is for
   */
  name?: string
  /**
   * What it may do; `:write` has `:read`
   *
   * @minItems 1
   * @maxItems 28
   */
  scopes?: [Scope, ...Scope[]]
  sessions?: [string, ...string[]] | null
  recipients?: [string, ...string[]] | null
  expiresAt?: string | null
}
export interface EventHead {
  specversion: '1.0'
  id: Cursor
  source: EventSource
  subject?: string
  time: string
  /**
   * The trace of the request that sent the message, as its header `traceparent` told it (CloudEvents extension Distributed Tracing)
   */
  traceparent?: string
  /**
   * The `tracestate` that came with it
   */
  tracestate?: string
  datacontenttype: 'application/json'
}
export interface SessionEvent {
  id: string
  /**
   * The bare JID that it was opened with, by which it is found; how its server writes it is in `connections`
   */
  jid: string
  /**
   * It is a component (XEP-0114): `jid` is its domain
   */
  component?: true
  state: SessionState
  since: string
  /**
   * Why it is not online
   */
  reason?: string
  /**
   * What the server did not let it read or set up, and so is not known: `roster`, `carbons`, `presence` (the own one)
   */
  unread?: {
    what: string
    code: string
    detail: string
  }[]
  connections: {
    /**
     * The full JID that the server bound, null before
     */
    jid: string | null
    resource: string
    role: 'primary' | 'sender'
    state: SessionState
  }[]
  /**
   * INSTANCE_ID of the process that holds it
   */
  instance: string
  /**
   * When the server last proved that the connection is alive
   */
  lastVerifiedAt: string | null
  outbox: {
    length: number
    oldest?: string
  }
  handles: string[]
  notify?: string[]
  bookmarks?: boolean
  mds?: boolean
  createdAt: string
  [k: string]: unknown
}
/**
 * A message that was sent through the gateway
 */
export interface MessageRecord {
  id: string
  to: string
  /**
   * Of a component: as which address
   */
  from?: string
  status: MessageStatus
  originId: string
  acceptedAt: string
  history: {
    status: MessageStatus
    at: string
  }[]
  error?: MessageFailure
  /**
   * The server has no stream management: a ping after the message was answered
   */
  ackBy?: 'ping'
  /**
   * The id that the own server archived it under
   */
  stanzaId?: string
}
export interface MessageFailure {
  code: string
  detail: string
  xmpp?: unknown
  [k: string]: unknown
}
/**
 * The file that it is about (XEP-0447, XEP-0066)
 */
export interface FileLink2 {
  url: string
  fileName?: string
  mediaType?: string
  /**
   * bytes
   */
  size?: number
  sha256?: string
}
export interface RosterContact {
  jid: string
  name?: string
  groups: string[]
  /**
   * Who sees whose presence: `to` the account sees theirs, `from` they see its
   */
  subscription: 'none' | 'to' | 'from' | 'both'
  /**
   * The account asked to see their presence, without an answer yet
   */
  ask?: 'subscribe'
  /**
   * Their request will be granted without being asked
   */
  approved?: true
}
export interface BlocklistChange {
  blocked: string[]
  unblocked: string[]
  /**
   * Everybody was unblocked
   */
  all?: true
}
/**
 * An iq whose answer is kept for an hour
 */
export interface KeptIq {
  id: string
  status: 'pending' | 'result' | 'error' | 'timeout'
  /**
   * The answer as stanza JSON
   */
  iq?: {
    [k: string]: unknown
  }
  /**
   * A problem document
   */
  error?: {
    [k: string]: unknown
  }
}
export interface WebhookBrief {
  id: string
  url: string
  types: string[]
  /**
   * session id
   */
  session?: string
  ordering: 'strict' | 'relaxed'
  headers?: {
    [k: string]: string
  }
  description?: string
  /**
   * failing: ten tries in a row failed, over events; one is made at a time until one succeeds. disabled: nothing is sent
   */
  state: 'enabled' | 'failing' | 'disabled'
  /**
   * of disabled. gone: the consumer answered 410; expired: nothing was delivered for as long as events are kept
   */
  reason?: 'gone' | 'manual' | 'expired'
  since: string
  createdAt: string
}
/**
 * RFC 9457
 */
export interface Problem {
  /**
   * a URN that ends with the code
   */
  type: string
  title: string
  status: number
  /**
   * what happened, for a person
   */
  detail: string
  /**
   * what happened, for a program; stable
   */
  code:
    | 'invalid-request'
    | 'xml-malformed'
    | 'session-required'
    | 'cursor-invalid'
    | 'unauthorized'
    | 'ticket-invalid'
    | 'scope-missing'
    | 'session-not-allowed'
    | 'recipient-not-allowed'
    | 'origin-not-allowed'
    | 'not-found'
    | 'session-not-found'
    | 'message-not-found'
    | 'iq-not-found'
    | 'contact-not-found'
    | 'command-not-found'
    | 'room-not-found'
    | 'subscription-not-found'
    | 'avatar-not-found'
    | 'key-not-found'
    | 'hook-not-found'
    | 'webhook-not-found'
    | 'delivery-not-found'
    | 'method-not-allowed'
    | 'not-acceptable'
    | 'request-timeout'
    | 'idempotency-key-running'
    | 'id-in-use'
    | 'room-not-joined'
    | 'session-ended'
    | 'session-stopped'
    | 'credentials-lost'
    | 'cursor-expired'
    | 'length-required'
    | 'body-too-large'
    | 'unsupported-media-type'
    | 'jid-malformed'
    | 'illegal-character'
    | 'not-a-stanza'
    | 'address-not-allowed'
    | 'from-not-allowed'
    | 'stanza-too-large'
    | 'limit-exceeded'
    | 'idempotency-key-reused'
    | 'refused'
    | 'xmpp-authentication-failed'
    | 'headers-too-large'
    | 'outbox-full'
    | 'too-many-sessions'
    | 'too-many-requests'
    | 'internal-error'
    | 'not-for-components'
    | 'upload-unavailable'
    | 'upload-failed'
    | 'xmpp-unreachable'
    | 'xmpp-tls-failed'
    | 'xmpp-server-not-trusted'
    | 'given-up'
    | 'session-offline'
    | 'roster-unread'
    | 'presence-unread'
    | 'store-unavailable'
    | 'issuer-unavailable'
    | 'too-busy'
    | 'draining'
    | 'xmpp-timeout'
    | 'upload-timeout'
    | 'outcome-unknown'
    | 'xmpp-bad-request'
    | 'xmpp-conflict'
    | 'xmpp-feature-not-implemented'
    | 'xmpp-forbidden'
    | 'xmpp-gone'
    | 'xmpp-internal-server-error'
    | 'xmpp-item-not-found'
    | 'xmpp-jid-malformed'
    | 'xmpp-not-acceptable'
    | 'xmpp-not-allowed'
    | 'xmpp-not-authorized'
    | 'xmpp-policy-violation'
    | 'xmpp-recipient-unavailable'
    | 'xmpp-redirect'
    | 'xmpp-registration-required'
    | 'xmpp-remote-server-not-found'
    | 'xmpp-remote-server-timeout'
    | 'xmpp-resource-constraint'
    | 'xmpp-service-unavailable'
    | 'xmpp-subscription-required'
    | 'xmpp-undefined-condition'
    | 'xmpp-unexpected-request'
  /**
   * the same request may succeed later
   */
  retryable: boolean
  requestId: string
  /**
   * the members of the request that are wrong
   */
  errors?: {
    path: string
    message: string
  }[]
  xmpp?: ProblemXmpp
  /**
   * of body-too-large: the bytes that a file may have
   */
  maxSize?: number
  /**
   * of cursor-expired: the oldest cursor that can be read from
   */
  oldest?: string
}
/**
 * The stanza error behind a problem (RFC 6120 section 8.3)
 */
export interface ProblemXmpp {
  type: 'auth' | 'cancel' | 'continue' | 'modify' | 'wait'
  condition: string
  text?: string
  by?: string
  applicationCondition?: {
    name: string
    xmlns: string
  }
}
export interface OpenedSession {
  id: string
  /**
   * The bare JID that it was opened with, by which it is found; how its server writes it is in `connections`
   */
  jid: string
  /**
   * It is a component (XEP-0114): `jid` is its domain
   */
  component?: true
  state: SessionState
  since: string
  /**
   * Why it is not online
   */
  reason?: string
  /**
   * What the server did not let it read or set up, and so is not known: `roster`, `carbons`, `presence` (the own one)
   */
  unread?: {
    what: string
    code: string
    detail: string
  }[]
  connections: {
    /**
     * The full JID that the server bound, null before
     */
    jid: string | null
    resource: string
    role: 'primary' | 'sender'
    state: SessionState
  }[]
  /**
   * INSTANCE_ID of the process that holds it
   */
  instance: string
  /**
   * When the server last proved that the connection is alive
   */
  lastVerifiedAt: string | null
  outbox: {
    length: number
    oldest?: string
  }
  handles: string[]
  notify?: string[]
  bookmarks?: boolean
  mds?: boolean
  createdAt: string
  /**
   * For requests that act for this session alone
   */
  token: string
}
export interface Session {
  id: string
  /**
   * The bare JID that it was opened with, by which it is found; how its server writes it is in `connections`
   */
  jid: string
  /**
   * It is a component (XEP-0114): `jid` is its domain
   */
  component?: true
  state: SessionState
  since: string
  /**
   * Why it is not online
   */
  reason?: string
  /**
   * What the server did not let it read or set up, and so is not known: `roster`, `carbons`, `presence` (the own one)
   */
  unread?: {
    what: string
    code: string
    detail: string
  }[]
  connections: {
    /**
     * The full JID that the server bound, null before
     */
    jid: string | null
    resource: string
    role: 'primary' | 'sender'
    state: SessionState
  }[]
  /**
   * INSTANCE_ID of the process that holds it
   */
  instance: string
  /**
   * When the server last proved that the connection is alive
   */
  lastVerifiedAt: string | null
  outbox: {
    length: number
    oldest?: string
  }
  handles: string[]
  notify?: string[]
  bookmarks?: boolean
  mds?: boolean
  createdAt: string
}
export interface Page {
  next?: string
  /**
   * Nothing is left after this page
   */
  complete: boolean
}
/**
 * A message that was accepted, and how far it came by now
 */
export interface MessageAccepted {
  id: string
  status: MessageStatus
  originId: string
  error?: MessageFailure
}
/**
 * By the name of the field: text, yes or no, or a list of texts
 */
export interface FormValues {
  [k: string]: string | boolean | string[]
}
export interface RoomAffiliation {
  jid: string
  affiliation: 'owner' | 'admin' | 'member' | 'outcast'
  /**
   * A nick that is kept for them
   */
  nick?: string
  /**
   * Where they are in the room now
   */
  role?: string
  reason?: string
}
/**
 * A message as the archive has it: the stanza, and under which id and when it was archived
 */
export interface ArchivedMessage {
  source: 'archive'
  archived: {
    id: string
    at: string
  }
  [k: string]: unknown
}
export interface StoredItem {
  id?: string
  publisher?: string
  payload?: ItemContent
}
export interface PubsubNode {
  node: string
  form: Form
  values: FormValues
}
export interface NodeSubscription {
  node?: string
  jid?: string
  state?: 'none' | 'pending' | 'subscribed' | 'unconfigured'
  subscriptionId?: string
  expiry?: string | null
}
export interface NodeAffiliation {
  node?: string
  jid?: string
  affiliation?: 'member' | 'none' | 'outcast' | 'owner' | 'publisher' | 'publish-only'
}
export interface Contact {
  jid: string
  name?: string
  groups: string[]
  /**
   * Who sees whose presence: `to` the account sees theirs, `from` they see its
   */
  subscription: 'none' | 'to' | 'from' | 'both'
  /**
   * The account asked to see their presence, without an answer yet
   */
  ask?: 'subscribe'
  /**
   * Their request will be granted without being asked
   */
  approved?: true
  presences?: ResourcePresence[]
}
/**
 * The presence of one resource
 */
export interface ResourcePresence {
  jid: string
  show?: string
  status?: string
  statuses?: unknown
  priority: number
  [k: string]: unknown
}
export interface Blocked {
  jid: string
}
export interface IqResult {
  id: string
  type: 'result'
  from: string
  payload?: Payload
  [k: string]: unknown
}
export interface StanzaSent {
  id: string
  status?: string
  originId?: string
}
export interface OfferedCommand {
  jid: string
  node: string
  name?: string
}
/**
 * How far a command is; kept for an hour after its last step
 */
export interface CommandProgress {
  id: string
  jid: string
  node: string
  status: 'executing' | 'completed' | 'canceled'
  /**
   * What may be done next
   */
  actions: ('cancel' | 'execute' | 'prev' | 'next' | 'complete')[]
  /**
   * What is done next unless told
   */
  default?: 'cancel' | 'execute' | 'prev' | 'next' | 'complete'
  form?: Form
  values?: FormValues
  notes: {
    type: 'info' | 'warn' | 'error'
    text: string
  }[]
}
/**
 * What the server wants to know; `url` is where else one can register
 */
export interface RegistrationForm {
  domain: string
  form: Form
  values: FormValues
  url?: string
}
export interface EntityInfo {
  jid: string
  node?: string
  identities: {
    category: string
    type: string
    name?: string
    [k: string]: unknown
  }[]
  features: string[]
  /**
   * More about it, as data forms (XEP-0128)
   */
  forms: {
    [k: string]: unknown
  }[]
  [k: string]: unknown
}
export interface EntityItem {
  jid: string
  node?: string
  name?: string
  [k: string]: unknown
}
export interface Capabilities {
  jid: string
  /**
   * Says that messages came (XEP-0184)
   */
  receipts: boolean
  /**
   * Says what was displayed (XEP-0333)
   */
  markers: boolean
  reactions: boolean
  corrections: boolean
  /**
   * Where files go, and how many bytes one may have through the gateway
   */
  upload?: {
    service: string
    maxSize?: number
  }
  /**
   * Where rooms are made
   */
  rooms?: {
    service: string
  }
  pubsub: boolean
  /**
   * Keeps a history of messages
   */
  archive: boolean
  blocking: boolean
  push: boolean
  /**
   * Can keep bookmarks of rooms for the own eyes
   */
  bookmarks: boolean
  /**
   * Can keep what was displayed for the own eyes
   */
  mds: boolean
  /**
   * Of a contact who is online: which of the first four each of their clients can. The members say what one of them can
   */
  everywhere?: string[]
  encryption: 'not by the gateway'
}
export interface UploadedFile {
  url: string
  size: number
  mediaType: string
  fileName: string
  /**
   * in hex
   */
  sha256: string
  message?: MessageAccepted1
}
/**
 * With `to`: the message that tells of the file
 */
export interface MessageAccepted1 {
  id: string
  status: MessageStatus
  originId: string
  error?: MessageFailure
}
export interface UploadPlace {
  /**
   * Where the file is to be sent, by a PUT request with these headers and its exact Content-Length
   */
  put: {
    url: string
    headers: {
      [k: string]: string
    }
  }
  /**
   * Where it is then
   */
  get: string
}
export interface ContactPresence {
  jid: string
  presences: ResourcePresence[]
}
/**
 * What a room says of itself: in words, and as service discovery (XEP-0030) has it
 */
export interface RoomInfo {
  room: string
  name?: string
  description?: string
  subject?: string
  lang?: string
  occupants?: number
  persistent: boolean
  membersOnly: boolean
  moderated: boolean
  public: boolean
  /**
   * A password is needed
   */
  password: boolean
  anonymous: 'semi' | 'non'
  identities: {
    category: string
    type: string
    name?: string
    [k: string]: unknown
  }[]
  features: string[]
  forms: Form[]
}
export interface PublicRoom {
  room: string
  /**
   * As the service shows it; some add how many are in it
   */
  name?: string
}
export interface Room {
  /**
   * Its bare JID
   */
  room: string
  /**
   * Of a component, in the list of all: which address it is of
   */
  from?: string
  nick: string
  state: RoomState
  since: string
  /**
   * Why the session is not in it any more
   */
  reason?: 'left' | 'kicked' | 'banned' | 'lost' | 'affiliation' | 'members-only' | 'shutdown' | 'destroyed' | 'error'
  /**
   * Why it could not be joined
   */
  error?: {
    code: string
    detail: string
    xmpp?: unknown
    [k: string]: unknown
  }
  role?: 'moderator' | 'participant' | 'visitor' | 'none'
  affiliation?: 'owner' | 'admin' | 'member' | 'outcast' | 'none'
  subject?: {
    text: string
    by?: string
    at?: string
  }
  occupants: number
  /**
   * Who sees the JIDs of occupants: moderators (semi), or all (non)
   */
  anonymous: 'semi' | 'non'
  features: {
    archive: boolean
    moderation: boolean
    /**
     * It keeps the ids of messages
     */
    stableIds: boolean
    occupantIds: boolean
    selfPing: boolean
  }
  /**
   * It was made when this session joined it
   */
  created?: boolean
  bookmarked: boolean
}
export interface Occupant {
  nick: string
  /**
   * The same whatever the nick (XEP-0421)
   */
  occupantId?: string
  jid?: string
  role: 'moderator' | 'participant' | 'visitor' | 'none'
  affiliation: 'owner' | 'admin' | 'member' | 'outcast' | 'none'
  presence: {
    show?: string
    status?: string
    [k: string]: unknown
  }
  hats?: unknown
}
export interface CreatedWebhook {
  id: string
  url: string
  types: string[]
  /**
   * session id
   */
  session?: string
  ordering: 'strict' | 'relaxed'
  headers?: {
    [k: string]: string
  }
  description?: string
  /**
   * failing: ten tries in a row failed, over events; one is made at a time until one succeeds. disabled: nothing is sent
   */
  state: 'enabled' | 'failing' | 'disabled'
  /**
   * of disabled. gone: the consumer answered 410; expired: nothing was delivered for as long as events are kept
   */
  reason?: 'gone' | 'manual' | 'expired'
  since: string
  createdAt: string
  secrets: {
    id: string
    createdAt: string
    expiresAt?: string
  }[]
  /**
   * Events that are not delivered yet, and the age of the oldest; of a very long backlog they are not all counted
   */
  cursorLag: {
    events: number
    seconds: number
  }
  /**
   * The last try; no status: no answer
   */
  lastDelivery?: {
    at: string
    status?: number
  }
  nextTry?: string
  /**
   * Shown this once; signs each request (Standard Webhooks)
   */
  secret: string
}
export interface Webhook {
  id: string
  url: string
  types: string[]
  /**
   * session id
   */
  session?: string
  ordering: 'strict' | 'relaxed'
  headers?: {
    [k: string]: string
  }
  description?: string
  /**
   * failing: ten tries in a row failed, over events; one is made at a time until one succeeds. disabled: nothing is sent
   */
  state: 'enabled' | 'failing' | 'disabled'
  /**
   * of disabled. gone: the consumer answered 410; expired: nothing was delivered for as long as events are kept
   */
  reason?: 'gone' | 'manual' | 'expired'
  since: string
  createdAt: string
  secrets: {
    id: string
    createdAt: string
    expiresAt?: string
  }[]
  /**
   * Events that are not delivered yet, and the age of the oldest; of a very long backlog they are not all counted
   */
  cursorLag: {
    events: number
    seconds: number
  }
  /**
   * The last try; no status: no answer
   */
  lastDelivery?: {
    at: string
    status?: number
  }
  nextTry?: string
}
export interface RotatedSecret {
  id: string
  secret: string
  /**
   * until then the old one signs too
   */
  expiresAt: string
}
export interface WebhookDelivery {
  id: string
  event: {
    id: string
    type: string
    session: string
  }
  state: 'pending' | 'delivered' | 'dead'
  /**
   * the last ten
   */
  attempts: {
    at: string
    status?: number
    error?: string
    ms: number
  }[]
  firstTryAt: string
  nextTry?: string
  replayOf?: string
}
export interface WebhookReplayed {
  /**
   * events that are sent again
   */
  queued: number
}
export interface WebhookTest {
  delivered: boolean
  status?: number
  error?: string
  ms: number
  /**
   * the beginning of what the consumer answered
   */
  answer?: string
}
export interface CreatedHook {
  id: string
  name: string
  session: string
  to: string
  format: 'text' | 'json' | 'slack' | 'alertmanager' | 'grafana' | 'github'
  template?: string
  createdAt: string
  /**
   * What the other service calls. It has the token, and is shown this once
   */
  url: string
}
export interface Hook {
  id: string
  name: string
  session: string
  to: string
  format: 'text' | 'json' | 'slack' | 'alertmanager' | 'grafana' | 'github'
  template?: string
  createdAt: string
}
export interface Ticket {
  ticket: string
  expiresAt: string
  /**
   * Where the log ended: a stream that is opened with it as `after` misses nothing since, however late it opens
   */
  cursor: string
}
export interface Consumer {
  name: string
  /**
   * What it acked last, or where it began: it goes on after that
   */
  cursor: string
  /**
   * How far it is behind
   */
  lag: {
    /**
     * Events of the session since then, of every type
     */
    events: number
    /**
     * Age of the first of them
     */
    seconds: number
  }
  lastUsedAt: string
}
export interface Me {
  tenant: string
  /**
   * Of a session token: the only session that it is for
   */
  session?: string
  /**
   * Id of the key that it is, or that made it; not of keys of the configuration
   */
  key?: string
  /**
   * What the caller may do; `:write` has `:read`
   */
  scopes: string[]
  /**
   * Of the gateway
   */
  version: string
  /**
   * INSTANCE_ID of the process that answers
   */
  instance: string
}
export interface Stats {
  /**
   * The processes of the gateway that are there; one that is leaving takes no more sessions
   */
  instances: {
    /**
     * Its INSTANCE_ID
     */
    instance: string
    leaving: boolean
  }[]
  /**
   * Sessions of the tenant, by their state
   */
  sessions: {
    connecting: number
    online: number
    resuming: number
    backoff: number
    'auth-failed': number
    conflict: number
    stopped: number
    total: number
  }
  /**
   * Messages that wait in the outboxes of these sessions, and since when the first does
   */
  outbox: {
    length: number
    oldest?: string
  }
  /**
   * Event streams of the tenant that are open on the instance that answers
   */
  streams: {
    websocket: number
    sse: number
  }
  /**
   * Webhooks of the tenant, by their state
   */
  webhooks: {
    enabled: number
    failing: number
    disabled: number
    total: number
  }
}
export interface CreatedKey {
  id: string
  name: string
  scopes: Scope[]
  sessions?: string[]
  recipients?: string[]
  expiresAt?: string
  createdAt: string
  /**
   * Id of the key that made it; not of keys of the configuration
   */
  createdBy?: string
  /**
   * To about a second; absent: never
   */
  lastUsedAt?: string
  /**
   * The key itself: it is shown this once, and only its hash is kept
   */
  key: string
}
export interface Key {
  id: string
  name: string
  scopes: Scope[]
  sessions?: string[]
  recipients?: string[]
  expiresAt?: string
  createdAt: string
  /**
   * Id of the key that made it; not of keys of the configuration
   */
  createdBy?: string
  /**
   * To about a second; absent: never
   */
  lastUsedAt?: string
}
export interface AuditEntry {
  at: string
  /**
   * The operationId
   */
  action: string
  outcome: 'done' | 'refused'
  /**
   * Of what was refused: the code of its problem
   */
  code?: string
  /**
   * The key or session token; `name` of a key of the configuration, or of a JWT
   */
  by: {
    key?: string
    session?: string
    name?: string
  }
  /**
   * Id of what it was about
   */
  target?: string
  /**
   * The account of the session that it was about
   */
  jid?: string
  requestId: string
  instance: string
}
export interface EventsPage {
  data: Event[]
  page: {
    next: string
    complete: boolean
  }
}
export interface SessionsOpenParams {
  /**
   * Seconds to wait, where the operation says for what
   */
  wait?: number
  /**
   * Answer at once, where the operation can
   */
  respondAsync?: boolean
}
export interface SessionsListParams {
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
  /**
   * Only those in this state
   */
  state?: 'connecting' | 'online' | 'resuming' | 'backoff' | 'auth-failed' | 'conflict' | 'stopped'
  /**
   * Only those whose bare JID begins so
   */
  jid?: string
}
export interface SessionsListResult {
  data: Session[]
  page: Page
}
export interface SessionsGetParams {
  id: string
}
export interface SessionsUpdateParams {
  id: string
}
export interface SessionsCloseParams {
  id: string
  /**
   * Goes into the unavailable presence
   */
  status?: string
}
export interface RoomsInviteParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsDeclineParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsGetConfigParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsGetConfigResult {
  form: Form
  values: FormValues
}
export interface RoomsSetConfigParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsAffiliationsParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  /**
   * These alone; default all
   */
  affiliation?: 'owner' | 'admin' | 'member' | 'outcast'
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsAffiliationsResult {
  data: RoomAffiliation[]
  page: Page
}
export interface RoomsSetAffiliationParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  jid: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsSetRoleParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  nick: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsKickParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  nick: string
  reason?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsDestroyParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsModerateParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  stanzaId: string
  reason?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface MessagesSendParams {
  /**
   * What `Prefer: wait` waits for; acked by default
   */
  level?: 'acked' | 'delivered'
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Makes the call safe to repeat for 24 h; a call without one gets one of its own
   */
  idempotencyKey?: string
  /**
   * Seconds to wait, where the operation says for what
   */
  wait?: number
  /**
   * Answer at once, where the operation can
   */
  respondAsync?: boolean
}
export interface MessagesListParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  with?: string
  /**
   * `page.next` of another page
   */
  after?: string
  /**
   * `page.prev` of another page; empty for the last page
   */
  before?: string
  /**
   * Messages of a page, default 100
   */
  limit?: number
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface MessagesListResult {
  data: ArchivedMessage[]
  page: {
    next?: string
    prev?: string
    complete: boolean
  }
}
export interface MessagesGetParams {
  id: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface MessagesSendBatchParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Makes the call safe to repeat for 24 h; a call without one gets one of its own
   */
  idempotencyKey?: string
}
export interface MessagesSendBatchResult {
  data: {
    /**
     * The HTTP status that this message alone would have had
     */
    status: number
    message?: MessageAccepted
    /**
     * A problem, as of RFC 9457
     */
    error?: {
      code: string
      [k: string]: unknown
    }
  }[]
}
export interface ChatsDisplayedParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  jid: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface ProfileGetParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface ProfilePutParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface ProfileGetOfParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  jid: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface ProfileGetAvatarParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface ProfilePutAvatarParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * The body
   */
  bytes: Uint8Array<ArrayBuffer> | Blob
  /**
   * Of the body
   */
  mediaType?: string
}
export interface ProfileRemoveAvatarParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface ProfileAvatarOfParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  jid: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PubsubItemsParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service?: string
  /**
   * The node: names have `/`, `:` and `#`
   */
  node: string
  /**
   * Only the item with this id
   */
  id?: string
  /**
   * `page.next` of the page before
   */
  after?: string
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PubsubItemsResult {
  data: StoredItem[]
  page: Page
}
export interface PubsubPublishParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service?: string
  /**
   * The node: names have `/`, `:` and `#`
   */
  node: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PubsubPublishResult {
  id?: string
}
export interface PubsubRetractParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service?: string
  /**
   * The node: names have `/`, `:` and `#`
   */
  node: string
  id: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PubsubGetNodeParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service?: string
  /**
   * The node: names have `/`, `:` and `#`
   */
  node: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PubsubCreateNodeParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service?: string
  /**
   * The node: names have `/`, `:` and `#`
   */
  node: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PubsubCreateNodeBody {
  values?: NodeConfiguration
}
export interface PubsubCreateNodeResult {
  node: string
}
export interface PubsubConfigureNodeParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service?: string
  /**
   * The node: names have `/`, `:` and `#`
   */
  node: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PubsubRemoveNodeParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service?: string
  /**
   * The node: names have `/`, `:` and `#`
   */
  node: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PubsubPurgeParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service?: string
  /**
   * The node: names have `/`, `:` and `#`
   */
  node: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PubsubSubscriptionsParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service?: string
  /**
   * The node, percent-encoded: names have `/`, `:` and `#`
   */
  node?: string
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PubsubSubscriptionsResult {
  data: NodeSubscription[]
  page: Page
}
export interface PubsubSubscribeParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service?: string
  /**
   * The node: names have `/`, `:` and `#`
   */
  node: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PubsubUnsubscribeParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service?: string
  /**
   * The node: names have `/`, `:` and `#`
   */
  node: string
  /**
   * Where the account has several to the node
   */
  subscriptionId?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PubsubAffiliationsParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service?: string
  /**
   * The node, percent-encoded: names have `/`, `:` and `#`
   */
  node?: string
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PubsubAffiliationsResult {
  data: NodeAffiliation[]
  page: Page
}
export interface PubsubSetAffiliationsParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service?: string
  /**
   * The node: names have `/`, `:` and `#`
   */
  node: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface RosterGetParams {
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
  /**
   * `false` leaves out `presences`
   */
  presence?: 'true' | 'false'
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface RosterGetResult {
  data: Contact[]
  page: Page
}
export interface RosterGetContactParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  jid: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface RosterPutParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  jid: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface RosterRemoveParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  jid: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface BlocklistListParams {
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface BlocklistListResult {
  data: Blocked[]
  page: Page
}
export interface BlocklistClearParams {
  /**
   * Says that all of them are meant
   */
  all: 'true'
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface BlocklistBlockParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  jid: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface BlocklistUnblockParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  jid: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface IqSendParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Seconds to wait, where the operation says for what
   */
  wait?: number
  /**
   * Answer at once, where the operation can
   */
  respondAsync?: boolean
}
export interface IqGetParams {
  id: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface IqReplyParams {
  /**
   * The subject of the event
   */
  id: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface StanzasSendParams {
  dryRun?: 'true' | 'false'
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Makes the call safe to repeat for 24 h; a call without one gets one of its own
   */
  idempotencyKey?: string
  /**
   * Seconds to wait, where the operation says for what
   */
  wait?: number
  /**
   * Answer at once, where the operation can
   */
  respondAsync?: boolean
}
export interface CommandsListParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  jid: string
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface CommandsListResult {
  data: OfferedCommand[]
  page: Page
}
export interface CommandsStartParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface CommandsContinueParams {
  id: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface CommandsCancelParams {
  id: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RegistrationFormParams {
  domain: string
  /**
   * Where the server is: `xmpp://host:port`, `xmpps://…`, `wss://…`. By default it is looked up from the domain
   */
  service?: string
}
export interface RegistrationRegisterResult {
  jid: string
}
export interface RegistrationRemoveParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface RegistrationChangePasswordParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PushEnableParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PushDisableParams {
  jid?: Jid
  node?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface DiscoInfoParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  jid?: string
  /**
   * A node of theirs
   */
  node?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface DiscoItemsParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  jid?: string
  /**
   * A node of theirs
   */
  node?: string
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface DiscoItemsResult {
  data: EntityItem[]
  page: Page
}
export interface CapabilitiesGetParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  jid?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface UploadsCreateParams {
  /**
   * By default that of the form, or `file`
   */
  fileName?: string
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  to?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * The body
   */
  bytes: Uint8Array<ArrayBuffer> | Blob
  /**
   * Of the body
   */
  mediaType?: string
}
export interface UploadsSlotParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PresenceListParams {
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PresenceListResult {
  data: ContactPresence[]
  page: Page
  /**
   * More came than the session keeps: of those who are not contacts, the ones last heard from longest ago are missing
   */
  leftOut?: true
}
export interface PresenceSetParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PresenceClearParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  from?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface PresenceSendParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Makes the call safe to repeat for 24 h; a call without one gets one of its own
   */
  idempotencyKey?: string
}
export interface PresenceSendResult {
  id: string
}
export interface PresenceGetParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  jid: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface RoomsInfoParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsSearchParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service: string
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsSearchResult {
  data: PublicRoom[]
  page: Page
}
export interface RoomsListParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  service?: string
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsGetParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsJoinParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Seconds to wait, where the operation says for what
   */
  wait?: number
  /**
   * Answer at once, where the operation can
   */
  respondAsync?: boolean
}
export interface RoomsLeaveParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  /**
   * A last word that the others see
   */
  status?: string
  /**
   * Leaves the bookmark of the account as it is
   */
  bookmark?: 'keep'
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsUpdateParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsOccupantsParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsOccupantsResult {
  data: Occupant[]
  page: Page
}
export interface RoomsMessagesParams {
  /**
   * An XMPP address, bare or full (RFC 7622); one that was received is as the server wrote it
   */
  room: string
  /**
   * `page.next` of another page
   */
  after?: string
  /**
   * `page.prev` of another page; empty for the last page
   */
  before?: string
  /**
   * Messages of a page, default 100
   */
  limit?: number
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
  /**
   * Of a component alone: as which of its addresses; by default as its domain
   */
  from?: string
}
export interface RoomsMessagesResult {
  data: ArchivedMessage[]
  page: {
    next?: string
    prev?: string
    complete: boolean
  }
}
export interface WebhooksListParams {
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
}
export interface WebhooksListResult {
  data: Webhook[]
  page: Page
}
export interface WebhooksGetParams {
  id: string
}
export interface WebhooksUpdateParams {
  id: string
}
export interface WebhooksRemoveParams {
  id: string
}
export interface WebhooksRotateParams {
  id: string
}
export interface WebhooksDeliveriesParams {
  id: string
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
  state?: 'pending' | 'delivered' | 'dead'
}
export interface WebhooksDeliveriesResult {
  data: WebhookDelivery[]
  page: Page
}
export interface WebhooksReplayParams {
  id: string
}
export interface WebhooksTestParams {
  id: string
}
export interface HooksListParams {
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
}
export interface HooksListResult {
  data: Hook[]
  page: Page
}
export interface HooksGetParams {
  id: string
}
export interface HooksUpdateParams {
  id: string
}
export interface HooksRemoveParams {
  id: string
}
export interface TicketsCreateParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface EventsAckParams {
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface EventsConsumersParams {
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface EventsConsumersResult {
  data: Consumer[]
  page: Page
}
export interface KeysListParams {
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
}
export interface KeysListResult {
  data: Key[]
  page: Page
}
export interface KeysGetParams {
  id: string
}
export interface KeysUpdateParams {
  id: string
}
export interface KeysRemoveParams {
  id: string
}
export interface AuditListParams {
  /**
   * Items of a page, default 100
   */
  limit?: number
  /**
   * `page.next` of the page before
   */
  after?: string
}
export interface AuditListResult {
  data: AuditEntry[]
  page: Page
}
export interface EventsListParams {
  /**
   * Only what comes after this cursor; 0 is the oldest kept. Without it the JSON page begins with the oldest, a stream with what happens from now on
   */
  after?: string
  /**
   * A name under which the place of the reader is kept: without `after` it goes on after what it acked last (`POST /events/ack`); a new name begins as a reader without one does. Kept as long as events are, from its last use
   */
  consumer?: string
  /**
   * Only events of these types or families; `events.*` always come
   */
  types?: string
  /**
   * Only events from, to or about these JIDs, separated by commas; a bare JID includes all its resources
   */
  jids?: string
  /**
   * Events of a JSON page, at most
   */
  limit?: number
  /**
   * Seconds that a JSON page waits for its first event
   */
  wait?: number
  /**
   * Streams only: begins with what is true now, then `events.snapshot-end`, then live events
   */
  snapshot?: 'presence'
  /**
   * Streams only: milliseconds over which presence is gathered; only the last of each resource is sent
   */
  coalesce?: number
  /**
   * A ticket of `POST /tickets`, in place of the Authorization header
   */
  ticket?: string
  /**
   * Session id, bare JID or full JID. Required with an API key; a session token says it by itself.
   */
  session?: string
}
export interface SystemHookInParams {
  token: string
  /**
   * The body
   */
  bytes: Uint8Array<ArrayBuffer> | Blob
  /**
   * Of the body
   */
  mediaType?: string
}
export interface SystemHookInResult {
  id: string
}

/** What each operation takes, as one flat object of its path, query and body members, and what it gives. */
export interface Operations {
  /** Bring an account or a component online */
  'sessions.open': { params: SessionsOpenParams & NewSession; result: OpenedSession }
  /** List the sessions of the tenant, oldest first */
  'sessions.list': { params: SessionsListParams; result: SessionsListResult }
  /** Read a session */
  'sessions.get': { params: SessionsGetParams; result: Session }
  /** Change the credentials, the number of connections, or what is wanted of the session */
  'sessions.update': { params: SessionsUpdateParams & SessionChange; result: Session }
  /** End a session */
  'sessions.close': { params: SessionsCloseParams; result: undefined }
  /** Invite somebody to a room */
  'rooms.invite': { params: RoomsInviteParams & NewInvitation; result: MessageAccepted }
  /** Decline an invitation to a room */
  'rooms.decline': { params: RoomsDeclineParams & Partial<Declination>; result: MessageAccepted }
  /** Read how a room is configured */
  'rooms.getConfig': { params: RoomsGetConfigParams; result: RoomsGetConfigResult }
  /** Configure a room */
  'rooms.setConfig': { params: RoomsSetConfigParams & RoomConfigChange; result: undefined }
  /** List the owners, admins, members and banned of a room */
  'rooms.affiliations': { params: RoomsAffiliationsParams; result: RoomsAffiliationsResult }
  /** Make somebody an owner, admin or member of a room, ban them, or take that back */
  'rooms.setAffiliation': { params: RoomsSetAffiliationParams & RoomAffiliationChange; result: undefined }
  /** Give an occupant of a room another role */
  'rooms.setRole': { params: RoomsSetRoleParams & RoomRoleChange; result: undefined }
  /** Throw an occupant out of a room */
  'rooms.kick': { params: RoomsKickParams; result: undefined }
  /** Destroy a room */
  'rooms.destroy': { params: RoomsDestroyParams & Partial<RoomEnd>; result: undefined }
  /** Take somebody's message away from a room (XEP-0425) */
  'rooms.moderate': { params: RoomsModerateParams; result: undefined }
  /** Send a message */
  'messages.send': { params: MessagesSendParams & NewMessage; result: MessageAccepted }
  /** Read the history */
  'messages.list': { params: MessagesListParams; result: MessagesListResult }
  /** Read how far a message came */
  'messages.get': { params: MessagesGetParams; result: MessageRecord }
  /** Send many messages */
  'messages.sendBatch': { params: MessagesSendBatchParams & MessageBatch; result: MessagesSendBatchResult }
  /** Say how far a chat was displayed */
  'chats.displayed': { params: ChatsDisplayedParams & ChatDisplayed; result: undefined }
  /** Read what the account tells of itself */
  'profile.get': { params: ProfileGetParams; result: Profile }
  /** Change what the account tells of itself */
  'profile.put': { params: ProfilePutParams & Profile; result: Profile }
  /** Read what somebody tells of themselves */
  'profile.getOf': { params: ProfileGetOfParams; result: Profile }
  /** Read the account's avatar */
  'profile.getAvatar': { params: ProfileGetAvatarParams; result: Uint8Array }
  /** Change the account's avatar */
  'profile.putAvatar': { params: ProfilePutAvatarParams; result: undefined }
  /** Take the account's avatar away */
  'profile.removeAvatar': { params: ProfileRemoveAvatarParams; result: undefined }
  /** Read somebody's avatar */
  'profile.avatarOf': { params: ProfileAvatarOfParams; result: Uint8Array }
  /** Read the items of a node, in the order of the service */
  'pubsub.items': { params: PubsubItemsParams; result: PubsubItemsResult }
  /** Publish an item */
  'pubsub.publish': { params: PubsubPublishParams & NewItem; result: PubsubPublishResult }
  /** Take an item away, and tell those who listen */
  'pubsub.retract': { params: PubsubRetractParams; result: undefined }
  /** Read how a node is configured, as its owner */
  'pubsub.getNode': { params: PubsubGetNodeParams; result: PubsubNode }
  /** Make a node, or configure the one that is there */
  'pubsub.createNode': { params: PubsubCreateNodeParams & Partial<PubsubCreateNodeBody>; result: PubsubCreateNodeResult }
  /** Configure a node; what is not named stays as it is */
  'pubsub.configureNode': { params: PubsubConfigureNodeParams & NodeValues; result: undefined }
  /** Delete a node with all that is in it */
  'pubsub.removeNode': { params: PubsubRemoveNodeParams; result: undefined }
  /** Take all items of a node away; the node stays */
  'pubsub.purge': { params: PubsubPurgeParams; result: undefined }
  /** Read the subscriptions of the account, to all nodes of a service or to one */
  'pubsub.subscriptions': { params: PubsubSubscriptionsParams; result: PubsubSubscriptionsResult }
  /** Subscribe the account to a node */
  'pubsub.subscribe': { params: PubsubSubscribeParams; result: NodeSubscription }
  /** End a subscription */
  'pubsub.unsubscribe': { params: PubsubUnsubscribeParams; result: undefined }
  /** Read who may do what with a node; without `node` what the account may do with those of a service */
  'pubsub.affiliations': { params: PubsubAffiliationsParams; result: PubsubAffiliationsResult }
  /** Say who may do what with a node; `none` takes it back */
  'pubsub.setAffiliations': { params: PubsubSetAffiliationsParams & AffiliationChanges; result: undefined }
  /** Read the contacts */
  'roster.get': { params: RosterGetParams; result: RosterGetResult }
  /** Read one contact */
  'roster.getContact': { params: RosterGetContactParams; result: Contact }
  /** Add a contact, or change their name and groups */
  'roster.put': { params: RosterPutParams & ContactChange; result: Contact }
  /** Remove a contact, and end the subscriptions with them */
  'roster.remove': { params: RosterRemoveParams; result: undefined }
  /** Read who is blocked */
  'blocklist.list': { params: BlocklistListParams; result: BlocklistListResult }
  /** Block nobody any longer */
  'blocklist.clear': { params: BlocklistClearParams; result: undefined }
  /** Block somebody */
  'blocklist.block': { params: BlocklistBlockParams & Partial<NewBlock>; result: undefined }
  /** Block somebody no longer */
  'blocklist.unblock': { params: BlocklistUnblockParams; result: undefined }
  /** Ask somebody, and get the answer */
  'iq.send': { params: IqSendParams & (NewIq | { xml: string }); result: IqResult | KeptIq }
  /** Read the outcome of an iq that was sent with respond-async */
  'iq.get': { params: IqGetParams; result: KeptIq }
  /** Answer an iq that was raised as iq.requested, within 20 s */
  'iq.reply': { params: IqReplyParams & IqReply; result: undefined }
  /** Send any stanza, as JSON or XML */
  'stanzas.send': { params: StanzasSendParams & (Stanza | { xml: string }); result: string | StanzaSent }
  /** Translate a stanza between XML and JSON, without sending it */
  'translate': { params: (Stanza | { xml: string }); result: string | Stanza }
  /** Read which commands a server, a component or a client offers */
  'commands.list': { params: CommandsListParams; result: CommandsListResult }
  /** Begin a command */
  'commands.start': { params: CommandsStartParams & NewCommand; result: CommandProgress }
  /** Take the next step of a command */
  'commands.continue': { params: CommandsContinueParams & CommandStep; result: CommandProgress }
  /** Give a command up */
  'commands.cancel': { params: CommandsCancelParams; result: undefined }
  /** Read what a server wants to know of a new account */
  'registration.form': { params: RegistrationFormParams; result: RegistrationForm }
  /** Make an account on a server; then open a session for it */
  'registration.register': { params: NewAccount; result: RegistrationRegisterResult }
  /** Remove the account from its server for good, and end the session */
  'registration.remove': { params: RegistrationRemoveParams & AccountRemoval; result: undefined }
  /** Change the password of the account; the session goes on with the new one */
  'registration.changePassword': { params: RegistrationChangePasswordParams & NewPassword; result: undefined }
  /** Have the server tell a push service of messages that come while no client looks */
  'push.enable': { params: PushEnableParams & PushService; result: undefined }
  /** Have it told no longer: all push services that this session said, or the one that is named */
  'push.disable': { params: PushDisableParams; result: undefined }
  /** Ask what somebody is and can do (XEP-0030) */
  'disco.info': { params: DiscoInfoParams; result: EntityInfo }
  /** Ask what belongs to somebody: services, rooms, nodes (XEP-0030) */
  'disco.items': { params: DiscoItemsParams; result: DiscoItemsResult }
  /** Ask what somebody can do, in words */
  'capabilities.get': { params: CapabilitiesGetParams; result: Capabilities }
  /** Put a file where others can get it */
  'uploads.create': { params: UploadsCreateParams; result: UploadedFile }
  /** Ask for a place for a file, to upload it without the gateway */
  'uploads.slot': { params: UploadsSlotParams & NewUploadSlot; result: UploadPlace }
  /** Read the presence of all contacts */
  'presence.list': { params: PresenceListParams; result: PresenceListResult }
  /** Show something else, or become available */
  'presence.set': { params: PresenceSetParams & OwnPresence; result: OwnPresence }
  /** Become unavailable; the session stays */
  'presence.clear': { params: PresenceClearParams; result: undefined }
  /** Send presence to one JID, or a step of a subscription */
  'presence.send': { params: PresenceSendParams & DirectedPresence; result: PresenceSendResult }
  /** Read the presence of one contact */
  'presence.get': { params: PresenceGetParams; result: ContactPresence }
  /** Read what a room says of itself */
  'rooms.info': { params: RoomsInfoParams; result: RoomInfo }
  /** List the public rooms of a service */
  'rooms.search': { params: RoomsSearchParams; result: RoomsSearchResult }
  /** Read the rooms of the session */
  'rooms.list': { params: RoomsListParams; result: RoomsListResult }
  /** Read a room of the session */
  'rooms.get': { params: RoomsGetParams; result: Room }
  /** Be in a room */
  'rooms.join': { params: RoomsJoinParams & RoomWish; result: Room }
  /** Leave a room */
  'rooms.leave': { params: RoomsLeaveParams; result: undefined }
  /** Change the nick, the subject, or what is shown in a room */
  'rooms.update': { params: RoomsUpdateParams & RoomUpdate; result: Room }
  /** Read who is in a room */
  'rooms.occupants': { params: RoomsOccupantsParams; result: RoomsOccupantsResult }
  /** Read what was said in a room */
  'rooms.messages': { params: RoomsMessagesParams; result: RoomsMessagesResult }
  /** Have events sent to a URL */
  'webhooks.create': { params: NewWebhook; result: CreatedWebhook }
  /** List the webhooks */
  'webhooks.list': { params: WebhooksListParams; result: WebhooksListResult }
  /** Read a webhook: its state, and how far it is behind */
  'webhooks.get': { params: WebhooksGetParams; result: Webhook }
  /** Change a webhook, or switch it on or off */
  'webhooks.update': { params: WebhooksUpdateParams & WebhookChange; result: Webhook }
  /** Remove a webhook */
  'webhooks.remove': { params: WebhooksRemoveParams; result: undefined }
  /** Make a new secret; the old one signs too for 24 h */
  'webhooks.rotate': { params: WebhooksRotateParams; result: RotatedSecret }
  /** List what was sent, newest first */
  'webhooks.deliveries': { params: WebhooksDeliveriesParams; result: WebhooksDeliveriesResult }
  /** Send events again, beside those that go on */
  'webhooks.replay': { params: WebhooksReplayParams & WebhookReplay; result: WebhookReplayed }
  /** Send one event now, and say what came of it */
  'webhooks.test': { params: WebhooksTestParams; result: WebhookTest }
  /** Make a URL that another service calls to say something */
  'hooks.create': { params: NewHook; result: CreatedHook }
  /** List the hooks */
  'hooks.list': { params: HooksListParams; result: HooksListResult }
  /** Read a hook */
  'hooks.get': { params: HooksGetParams; result: Hook }
  /** Change a hook; its URL stays */
  'hooks.update': { params: HooksUpdateParams & HookChange; result: Hook }
  /** Remove a hook: its URL says nothing any more */
  'hooks.remove': { params: HooksRemoveParams; result: undefined }
  /** Make a ticket that opens one event stream */
  'tickets.create': { params: TicketsCreateParams; result: Ticket }
  /** Say how far a named consumer is done */
  'events.ack': { params: EventsAckParams & Ack; result: undefined }
  /** List the named consumers of a session, and how far each is behind */
  'events.consumers': { params: EventsConsumersParams; result: EventsConsumersResult }
  /** Say who is calling */
  'me.get': { params: Record<never, never>; result: Me }
  /** Count sessions, messages that wait, streams and webhooks */
  'stats.get': { params: Record<never, never>; result: Stats }
  /** Make an API key that may do less */
  'keys.create': { params: NewKey; result: CreatedKey }
  /** List the keys that were made */
  'keys.list': { params: KeysListParams; result: KeysListResult }
  /** Read what a key may do, and when it was used last */
  'keys.get': { params: KeysGetParams; result: Key }
  /** Change what a key may do, or its name */
  'keys.update': { params: KeysUpdateParams & KeyChange; result: Key }
  /** Revoke a key */
  'keys.remove': { params: KeysRemoveParams; result: undefined }
  /** Who made, changed or ended what, and who was refused */
  'audit.list': { params: AuditListParams; result: AuditListResult }
  /** Read events: a JSON page, server-sent events or a WebSocket */
  'events.list': { params: EventsListParams; result: EventsPage }
  /** Say what another service sends, in the format of its hook */
  'system.hookIn': { params: SystemHookInParams; result: SystemHookInResult }
}
