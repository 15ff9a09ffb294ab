"""rascade.regimen"""
