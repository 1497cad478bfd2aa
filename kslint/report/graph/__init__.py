"""The formats of `kslint graph`: one small file each."""
