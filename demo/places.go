package demo

import "fmt"

// A Store is one restaurant with its shelf.
type Store struct {
	Code  string   // 01 .. 40
	Name  string   // 北京望京店
	City  string   // 北京
	Staff []string // 李敏(S0103)
}

type city struct {
	name   string
	stores []string
}

var cities = []city{
	{"北京", []string{"望京", "中关村", "国贸", "五道口", "通州"}},
	{"上海", []string{"徐家汇", "五角场", "陆家嘴", "静安寺", "虹桥", "莘庄"}},
	{"广州", []string{"天河", "番禺", "越秀", "白云"}},
	{"深圳", []string{"南山", "福田", "龙华", "宝安"}},
	{"成都", []string{"春熙路", "建设路", "天府", "双流", "玉林"}},
	{"重庆", []string{"解放碑", "观音桥", "沙坪坝", "南坪"}},
	{"杭州", []string{"西湖", "滨江", "城西"}},
	{"武汉", []string{"光谷", "江汉路"}},
	{"西安", []string{"小寨", "钟楼"}},
	{"南京", []string{"新街口", "仙林"}},
	{"长沙", []string{"五一广场", "梅溪湖"}},
	{"苏州", []string{"园区"}},
}

// stores are the forty stores in the order of cities, storeFrom[c] the first
// of city c.
var stores, storeFrom = func() ([]Store, []int) {
	var all []Store
	var from []int
	for _, c := range cities {
		from = append(from, len(all))
		for _, s := range c.stores {
			n := len(all) + 1
			store := Store{Code: fmt.Sprintf("%02d", n), Name: c.name + s + "店", City: c.name}
			for i := range 3 + n*7%3 {
				k := uint64(n*10 + i)
				name := surnames[mix(k, 1)%uint64(len(surnames))] + womanNames[mix(k, 2)%uint64(len(womanNames))]
				if mix(k, 3)%3 == 0 {
					name = surnames[mix(k, 1)%uint64(len(surnames))] + manNames[mix(k, 2)%uint64(len(manNames))]
				}
				store.Staff = append(store.Staff, fmt.Sprintf("%s(S%02d%02d)", name, n, i+1))
			}
			all = append(all, store)
		}
	}
	return all, append(from, len(all))
}()

// Stores returns the forty stores with their staff, in a fresh slice.
func Stores() []Store { return append([]Store(nil), stores...) }

// mix is a 64-bit finaliser (splitmix64) over two numbers: a fixed draw.
func mix(a, b uint64) uint64 {
	z := a*0x9e3779b97f4a7c15 + b*0xd1342543de82ef95 + 0x632be59bd9b4e019
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// storeNamed returns the index of a store of this file.
func storeNamed(name string) int {
	for i := range stores {
		if stores[i].Name == name {
			return i
		}
	}
	panic("demo: no store " + name)
}
