package main

import "time"

// idleLimit ends an armed hold that never froze anything.
const idleLimit = 60 * time.Second

// progress is how far a hold has come, as guard and agent read it.
type progress struct {
	impact uptime // 0: nothing was touched yet
	beat   uptime // 0: no beat yet
}

func (h *hold) progress() (progress, error) {
	impact, err := h.uptimeOf(fileImpact)
	if err != nil {
		return progress{}, err
	}
	beat, err := h.uptimeOf(fileBeat)
	return progress{impact, beat}, err
}

// expired tells which limit of a hold has passed at a time: whyMax, whyTTL or "". MAX counts
// from the first impact and no beat moves it; TTL counts from the last beat, the impact being
// one. Before an impact only idleLimit counts. A time before the arming is from before a
// restart of the node: such a hold is over as well.
func (r *record) expired(p progress, at uptime) string {
	if at < r.ArmedAt {
		return whyMax
	}
	if p.impact == 0 {
		if at.sub(r.ArmedAt) >= idleLimit {
			return whyTTL
		}
		return ""
	}
	last := max(p.impact, p.beat)
	silent, old := at.sub(last) >= r.ttl(), at.sub(p.impact) >= r.max()
	switch {
	case silent && (!old || last.add(r.ttl()) <= p.impact.add(r.max())):
		return whyTTL
	case old:
		return whyMax
	}
	return ""
}
