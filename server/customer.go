package server

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"strata"
	"strata/compute"
	"strata/define"
	"strata/identity"
	"strata/timeline"
)

// namespaces are the names of the kinds of keys.
var namespaces = map[string]Text2{
	identity.MemberNo: {Zh: "会员号", En: "Member number"},
	identity.Phone:    {Zh: "手机号", En: "Phone"},
	identity.Email:    {Zh: "邮箱", En: "E-mail"},
	"unionid":         {Zh: "微信 UnionID", En: "WeChat UnionID"},
	"openid":          {Zh: "微信 OpenID", En: "WeChat OpenID"},
	"user_id":         {Zh: "用户号", En: "User id"},
	"external_userid": {Zh: "企微外部联系人", En: "WeCom contact"},
	"anonymous_id":    {Zh: "匿名设备", En: "Anonymous device"},
	"device_id":       {Zh: "设备号", En: "Device"},
}

// openNamespaces are shown whole: they are what staff call a customer by.
var openNamespaces = map[string]bool{identity.MemberNo: true, "user_id": true, "customer_id": true}

func (c *console) customer(ctx context.Context, r *customerRequest) (CustomerDetail, error) {
	n, err := c.find(r.ID)
	if err != nil {
		return CustomerDetail{}, err
	}
	a, err := c.at(ctx, r.AsOf)
	if err != nil {
		return CustomerDetail{}, err
	}
	trade, err := c.portrait(ctx, a)
	if err != nil {
		return CustomerDetail{}, err
	}
	p, err := c.person(n)
	if err != nil {
		return CustomerDetail{}, err
	}
	if len(p.keys) == 0 {
		return CustomerDetail{}, &strata.Error{Code: strata.NotFound, Field: "path.id", Message: "there is no customer " + r.ID, Hint: "search the list of customers"}
	}
	if err := c.recordView(ctx, p.id); err != nil {
		return CustomerDetail{}, err
	}
	d := CustomerDetail{
		ID: p.id, Number: uint32(n), Name: p.name(), AsOf: c.time(a.AsOf), HomeStore: p.text(storeAttribute), ResponsibleStaff: p.text(staffAttribute),
		Orders: int(trade.orders.Get(n).Int), Spend: c.amount(trade.spend.Get(n)), LastOrderAt: c.timeOrNull(strata.Instant(trade.lastOrder.Get(n).Int)),
		Identities: []IdentityInfo{}, Tags: []CustomerTag{}, Segments: []CustomerSegment{}, Levels: []LevelBrief{}, EventCounts: []EventCount{},
	}
	for _, k := range p.keys {
		title, ok := namespaces[k.Namespace]
		if !ok {
			title = same(k.Namespace)
		}
		shown := identity.Mask(k)
		if openNamespaces[k.Namespace] {
			shown = k.Value
		}
		d.Identities = append(d.Identities, IdentityInfo{Namespace: k.Namespace, Title: title, ValueMasked: shown})
	}
	if d.Attributes, err = c.attributes(a, n); err != nil {
		return CustomerDetail{}, err
	}
	d.Completeness, d.Missing = completeness(&a.Set.Catalogue, &p)
	c.standing(&d, a, n)
	return d, c.doings(&d, a, n)
}

// A page that stays open asks again whenever something has moved. All that an
// account sees of one customer within viewLasts of the first look is one
// entry of the audit.
const viewLasts = strata.Instant(10 * 60 * 1000)

// looked is an account's look at a customer, by public id.
type looked struct{ account, customer string }

func (c *console) recordView(ctx context.Context, customer string) error {
	now, key := strata.At(c.Now()), looked{who(ctx).Name, customer}
	c.mu.Lock()
	maps.DeleteFunc(c.views, func(_ looked, at strata.Instant) bool { return now-at >= viewLasts || at > now })
	_, known := c.views[key]
	c.mu.Unlock()
	if known {
		return nil
	}
	if err := c.record(ctx, key.account, actionViewCustomer, customer, nil); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.views[key] = now
	return nil
}

// attributes are the values in force now, by name.
func (c *console) attributes(a *compute.Answer, n strata.CustomerID) ([]AttributeInfo, error) {
	all, err := c.Timeline.Attributes(n)
	if err != nil {
		return nil, err
	}
	now := strata.At(c.Now())
	last := map[string]timeline.StoredAttribute{}
	for _, v := range all {
		if _, manual := strata.ManualTag(v.Name); manual {
			continue // is among the tags
		}
		if _, there := last[v.Name]; !there || v.At <= now {
			last[v.Name] = v
		}
	}
	out := []AttributeInfo{}
	for _, name := range slices.Sorted(maps.Keys(last)) {
		v := last[name]
		if v.Value.IsMissing() {
			continue
		}
		entry := a.Set.Catalogue.Attributes[name]
		info := AttributeInfo{Name: name, Title: named(entry.Name, name), Value: c.shown(entry.Type, v.Value).Zh, At: c.time(v.At), Source: v.Source, Sensitive: entry.Sensitive}
		if entry.Sensitive && name != nameAttribute {
			info.Value = identity.Mask(strata.Key{Namespace: name, Value: info.Value})
		}
		out = append(out, info)
	}
	return out, nil
}

// completeness is the share of the catalogue's attributes that are not
// sensitive and have a value, and the names of the others.
func completeness(catalogue *define.Catalogue, p *person) (share float64, missing []Text2) {
	filled, all := 0, 0
	missing = []Text2{}
	for _, name := range slices.Sorted(maps.Keys(catalogue.Attributes)) {
		entry := catalogue.Attributes[name]
		if entry.Sensitive {
			continue
		}
		all++
		if p.attributes[name].IsMissing() {
			missing = append(missing, named(entry.Name, name))
		} else {
			filled++
		}
	}
	return part(filled, all), missing
}

// standing fills in the customer's tags, segments and levels.
func (c *console) standing(d *CustomerDetail, a *compute.Answer, n strata.CustomerID) {
	for _, name := range slices.Sorted(maps.Keys(a.Tags)) {
		tag, v := a.Set.Tags[name], a.Tags[name].Get(n)
		info := CustomerTag{Name: name, Title: named(tag.Name, name), Class: tag.Class, Category: tag.Category, Value: v.String(), Text: c.tagText(a.Set, tag, v)}
		d.Tags = append(d.Tags, info)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Segments)) {
		if a.Segments[name].Contains(uint32(n)) {
			d.Segments = append(d.Segments, CustomerSegment{Name: name, Title: named(a.Set.Segments[name].Name, name)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Tiers)) {
		id, i := a.Tiers[name].Get(n)
		if i < 0 {
			continue
		}
		tier := a.Set.Tiers[name]
		brief := LevelBrief{Tier: name, Title: named(tier.Name, name), Level: id, Name: levelName(tier, id)}
		for _, l := range tier.Levels {
			if l.ID == id {
				brief.Advice = text2(l.Advice)
			}
		}
		d.Levels = append(d.Levels, brief)
	}
}

// doings counts the customer's events up to the answer's instant.
func (c *console) doings(d *CustomerDetail, a *compute.Answer, n strata.CustomerID) error {
	names := c.Timeline.Dictionary().EventNames()
	first, last := strata.Instant(0), strata.Instant(0)
	err := c.Timeline.Load(n, func(h *strata.History) error {
		for i := range h.Runs {
			run := &h.Runs[i]
			count := run.Search(a.AsOf + 1)
			if count == 0 {
				continue
			}
			name := names[run.Event]
			d.EventCounts = append(d.EventCounts, EventCount{Event: name, Title: named(a.Set.Catalogue.Events[name].Name, name), Count: count})
			d.EventsTotal += count
			if at := run.At(0); first == 0 || at < first {
				first = at
			}
			last = max(last, run.At(count-1))
		}
		return nil
	})
	slices.SortFunc(d.EventCounts, func(a, b EventCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Event, b.Event))
	})
	d.FirstEventAt, d.LastEventAt = c.timeOrNull(first), c.timeOrNull(last)
	return err
}

// eventCursor is the last event shown.
type eventCursor struct {
	At             strata.Instant
	Name, ID, From string
	Event          string // the filter
}

func (c *console) events(ctx context.Context, r *eventsRequest) (EventPage, error) {
	var cursor eventCursor
	if err := readCursor(r.Cursor, &cursor); err != nil {
		return EventPage{}, err
	}
	if r.Cursor != "" && (cursor.Event != r.Event || cursor.Name == "") {
		return EventPage{}, badCursor()
	}
	n, err := c.find(r.ID)
	if err != nil {
		return EventPage{}, err
	}
	set, _, err := c.Definitions.Published(ctx)
	if err != nil {
		return EventPage{}, err
	}
	all, err := c.Timeline.Events(n)
	if err != nil {
		return EventPage{}, err
	}
	slices.SortStableFunc(all, compareEvents)
	slices.Reverse(all)
	after := timeline.StoredEvent{Event: strata.Event{At: cursor.At, Name: cursor.Name, ID: cursor.ID}, Source: cursor.From}
	page := EventPage{Items: []EventInfo{}}
	for i := range all {
		e := &all[i]
		if r.Event != "" && e.Name != r.Event || r.Cursor != "" && compareEvents(*e, after) >= 0 {
			continue
		}
		if len(page.Items) == r.Limit {
			l := page.Items[r.Limit-1]
			page.Next = writeCursor(eventCursor{At: strata.At(l.At), Name: l.Event, ID: l.ID, From: l.Source, Event: r.Event})
			break
		}
		page.Items = append(page.Items, c.event(&set.Catalogue, &e.Event, e.Source))
	}
	return page, nil
}

// compareEvents orders a customer's events by time, and fully.
func compareEvents(a, b timeline.StoredEvent) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Source, b.Source))
}

// event is an event as shown.
func (c *console) event(catalogue *define.Catalogue, e *strata.Event, source string) EventInfo {
	entry := catalogue.Events[e.Name]
	info := EventInfo{Event: e.Name, Title: named(entry.Name, e.Name), At: c.time(e.At), Source: source, ID: e.ID, Properties: []PropertyInfo{}}
	for _, p := range e.Properties {
		property := entry.Properties[p.Name]
		info.Properties = append(info.Properties, PropertyInfo{Name: p.Name, Title: named(property.Name, p.Name), Value: c.shown(property.Type, p.Value).Zh})
	}
	return info
}

func (c *console) explain(ctx context.Context, r *explainRequest) (Reason, error) {
	n, err := c.find(r.ID)
	if err != nil {
		return Reason{}, err
	}
	a, err := c.at(ctx, r.AsOf)
	if err != nil {
		return Reason{}, err
	}
	why, err := c.Engine.Explain(ctx, n, r.Kind, r.Name, a.AsOf)
	if err != nil {
		return Reason{}, err
	}
	return c.reason(&a.Set.Catalogue, why), nil
}

func (c *console) reason(catalogue *define.Catalogue, why compute.Reason) Reason {
	out := Reason{Sentence: text2(why.Sentence), True: why.True, Found: why.Found}
	if why.FoundText != (define.Text2{}) {
		t := text2(why.FoundText)
		out.FoundText = &t
	}
	if why.NextAt != nil {
		t := c.time(*why.NextAt)
		out.NextAt = &t
	}
	for i := range why.Events {
		out.Events = append(out.Events, c.event(catalogue, &why.Events[i], ""))
	}
	for _, part := range why.Parts {
		out.Parts = append(out.Parts, c.reason(catalogue, part))
	}
	return out
}

// shown is a value in words: times in the business zone, yes and no.
func (c *console) shown(t define.Type, v strata.Value) Text2 {
	switch v.Kind {
	case strata.Boolean:
		if v.Bool() {
			return Text2{Zh: "是", En: "yes"}
		}
		return Text2{Zh: "否", En: "no"}
	case strata.Time:
		return same(c.time(strata.Instant(v.Int)).Format("2006-01-02 15:04"))
	case strata.Money:
		return same(c.amount(v))
	case strata.Float:
		return same(strconv.FormatFloat(v.Float64(), 'f', -1, 64))
	}
	if t.Unit != "" && v.Numeric() {
		return same(v.String() + " " + t.Unit)
	}
	return same(v.String())
}

// tagText is a tag's value as shown.
func (c *console) tagText(set *define.Set, tag define.Tag, v strata.Value) Text2 {
	if v.IsMissing() {
		return Text2{Zh: "没有值", En: "no value"}
	}
	if of, ok := tag.Value.(define.TierValue); ok {
		return levelName(set.Tiers[of.Tier], v.Text)
	}
	if v.Kind == strata.Float {
		return same(strconv.FormatFloat(v.Float64(), 'f', 2, 64))
	}
	return c.shown(define.Type{}, v)
}
