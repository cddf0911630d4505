// The names of the API's answers, all from the generated schema.
import type { components } from './schema';

type S = components['schemas'];

export type Text2 = S['Text2'];
export type Figure = S['Figure'];
export type Session = S['SessionInfo'];
export type Freshness = S['Freshness'];
export type Overview = S['Overview'];
export type TierShare = S['TierShare'];
export type LevelMove = S['LevelMove'];
export type CustomerPage = S['CustomerPage'];
export type CustomerItem = S['CustomerItem'];
export type CustomerDetail = S['CustomerDetail'];
export type LevelBrief = S['LevelBrief'];
export type EventInfo = S['EventInfo'];
export type PropertyInfo = S['PropertyInfo'];
export type Reason = S['Reason'];
export type Changes = S['Changes'];
export type ChangeInfo = S['ChangeInfo'];
export type MoveInfo = S['MoveInfo'];
export type SegmentInfo = S['SegmentInfo'];
export type SegmentDetail = S['SegmentDetail'];
export type DefinitionRef = S['DefinitionRef'];
export type TagInfo = S['TagInfo'];
export type TagDetail = S['TagDetail'];
export type ValueBin = S['ValueBin'];
export type Calibration = S['CalibrationInfo'];
export type TierInfo = S['TierInfo'];
export type TierDetail = S['TierDetail'];
export type TierGrid = S['TierGrid'];
export type LevelDetail = S['LevelDetail'];
