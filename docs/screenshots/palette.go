//go:build ignore

// Command palette makes a picture of a page smaller, in place:
//
//	go run palette.go PICTURE.png
//
// It keeps 256 colours, the most used of each shade, and takes the nearest of them
// for the others, which are those of the edges of letters.
package main

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"log"
	"maps"
	"os"
	"slices"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: palette PICTURE.png")
	}
	if err := shrink(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func shrink(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return err
	}
	small := image.NewPaletted(picture.Bounds(), frequent(picture))
	draw.Draw(small, small.Bounds(), picture, picture.Bounds().Min, draw.Src)
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, small); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o644)
}

// frequent returns the colours that a palette has room for, one of each shade,
// so that the many of an edge leave room for the few of a word.
func frequent(picture image.Image) color.Palette {
	uses := map[color.RGBA]int{}
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			uses[color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)]++
		}
	}
	order := slices.SortedFunc(maps.Keys(uses), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(uses[b], uses[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var p color.Palette
	taken := map[color.RGBA]bool{}
	for _, c := range order {
		shade := color.RGBA{R: c.R >> 4, G: c.G >> 4, B: c.B >> 4}
		if !taken[shade] && len(p) < 256 {
			taken[shade] = true
			p = append(p, c)
		}
	}
	return p
}
